"""The exam of the rules for watched runs, on networks that really train.

In its long form, 20 seeds and 200 steps:

    EXAM_SEEDS=20 EXAM_STEPS=200 python -m pytest -n0 -s tests/recorder/exam/test_exam.py
"""

import os

import pytest
import torch

from tests.recorder.exam.cases import HEALTHY, OTHERS, SICK, Case
from tests.recorder.exam.sitting import sit

SEEDS = range(int(os.environ.get("EXAM_SEEDS", "1")))
STEPS = int(os.environ.get("EXAM_STEPS", "0"))
SHORT = 40


@pytest.fixture(autouse=True)
def same_threads() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("case", [*HEALTHY, *OTHERS], ids=lambda case: case.name)
def test_a_network_that_learns_raises_no_alarm(case: Case) -> None:
    results = [sit(case, seed, STEPS or SHORT) for seed in SEEDS]
    alarms = [f"seed {seed}: {fault}" for seed, result in enumerate(results) for fault in result.faults]
    learnt = sum(result.loss[1] < result.loss[0] for result in results)
    print(f"\n| {case.name} | {len(alarms)} alarms | {learnt} of {len(results)} learnt |")
    assert alarms == []
    assert learnt > len(results) / 2


@pytest.mark.parametrize("case", SICK, ids=lambda case: case.name)
def test_a_sick_network_is_found_with_the_right_block(case: Case) -> None:
    found = [sit(case, seed, STEPS or case.steps).found(case) for seed in SEEDS]
    steps = [each.step for each in found if each is not None]
    print(f"\n| {case.name} | {', '.join(case.finds)} | {len(steps)} of {len(found)} | {steps} |")
    assert len(steps) == len(found)
