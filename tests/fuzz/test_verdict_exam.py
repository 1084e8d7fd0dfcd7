"""The verdict's exam: random networks, trained as the product trains them, judged by a plain PyTorch loop."""

import os
import random
import re
import string
from collections.abc import Iterator
from pathlib import Path

import torch

from engine.data.fashion_mnist import Dataset
from engine.runtime.live_run import LiveRun
from engine.storage.saver import Saver
from scenarios.schema import Scenario
from tests.engine.diagnosis.test_wording import SENTENCES
from tests.engine.lab import of_kind
from tests.fuzz.budget import SEED, Case, cases
from tests.fuzz.claims import CONTRADICTIONS, PATTERNS, TOO_LARGE
from tests.fuzz.judge import judge
from tests.fuzz.random_networks import described, random_scenario, small_data
from tests.fuzz.truths import find_truth
from vanish_recorder.diagnosis.sentence import filled
from vanish_recorder.protocol.events import RunEvent, VerdictChanged
from vanish_recorder.protocol.verdicts import FAULTS, WATCHED_ONLY

EXAM = "verdicts"
# Cases that take half a second each. Together they get every kind of verdict.
SHORT_FORM = (25, 29, 35, 63, 109)
LONG_FORM = 100  # cases, at least
RIGHT = 0.98  # of the long form's networks


def train(scenario: Scenario, data: Dataset, seed: int, folder: Path) -> list[RunEvent]:
    """The events of a run that the engine trains from its beginning to its end, verdicts and all."""
    events: list[RunEvent] = []
    saver = Saver(seconds=3600.0, on_change=lambda: None)
    saver.start()
    try:
        run = LiveRun("exam", scenario, seed, folder, saver, events.append, lambda *_: None)
        run.begin(data, threads=1)
        while run.is_running:
            run.step()
            run.flush()
        run.finish_saving()
    finally:
        saver.close()
    return events


def sentences() -> Iterator[str]:
    """Every sentence and every cause, with some number and some layer."""
    for table in SENTENCES.values():
        for text in (*table.values(), *table.get("causes", {}).values()):
            if isinstance(text, str):
                fields = {(name, style) for _, name, style, _ in string.Formatter().parse(text) if name}
                yield filled(text, {name: 0.2 if style else "layer 2" for name, style in fields})


def test_the_judge_finds_in_sentences_what_it_looks_for() -> None:
    said = list(sentences())
    for pattern in (TOO_LARGE, *PATTERNS, *(pattern for pattern, _, _ in CONTRADICTIONS)):
        assert any(re.search(pattern, text) for text in said), pattern


def is_long() -> bool:
    """Whether a budget or a case is named."""
    return bool({"FUZZ_SECONDS", "FUZZ_CASE"} & os.environ.keys())


def drawn() -> Iterator[Case]:
    """A few networks in `make test`; a hundred and more in the long form."""
    if is_long():
        yield from cases(EXAM, at_least=LONG_FORM)
        return
    for number in SHORT_FORM:
        label = f"{EXAM}: FUZZ_SEED={SEED} FUZZ_CASE={number}"
        yield Case(number, random.Random(f"{SEED}/{EXAM}/{number}"), label)


def test_what_the_verdicts_say_is_true_and_what_is_severe_is_said(
    sample_data: Dataset, tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    wrong: list[str] = []
    said: set[str] = set()
    tried = 0
    for case in drawn():
        scenario = random_scenario(case.random)
        data = small_data(sample_data, scenario.data.batch_size)
        truth = find_truth(scenario, data, case.number)
        events = train(scenario, data, case.number, tmp_path / str(case.number))
        faults = judge(events, truth)
        said |= {verdict.kind for verdict in of_kind(events, VerdictChanged)}
        tried += 1
        if faults:
            reasons = "".join(f"\n    {fault}" for fault in faults)
            wrong.append(f"{case.label} {described(scenario)}{reasons}")
            print(wrong[-1])
    assert len(wrong) <= (1 - RIGHT) * tried, "\n".join([f"{len(wrong)} of {tried}", *wrong])
    of_16_bits = {"underflow", "skipped_steps"}  # the networks are float32
    assert is_long() or said >= FAULTS - WATCHED_ONLY - of_16_bits | {"learning", "healthy"}, (
        "choose other cases for the short form"
    )
