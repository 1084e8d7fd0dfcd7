"""How `--threads auto` chooses a number."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from engine.runtime import threads
from engine.training import pace
from tests.engine.lab import random_data


@pytest.fixture
def kept_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("most", "expected"), [(1, (1,)), (2, (1, 2)), (6, (1, 2, 4, 6)), (8, (1, 2, 4, 8))])
def test_powers_of_two_and_the_maximum_are_tried(most: int, expected: tuple[int, ...]) -> None:
    assert threads.candidates(most) == expected


def test_more_threads_are_used_only_if_they_save_10_percent() -> None:
    assert threads.choose({1: 1.0, 2: 0.95, 4: 0.93}) == 1
    assert threads.choose({1: 1.0, 2: 0.6, 4: 0.58}) == 2
    assert threads.choose({1: 1.0, 2: 0.95, 4: 0.5}) == 4


@pytest.mark.usefixtures("kept_threads")
def test_the_fastest_number_stays_set_in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    takes = {1: 1.0, 2: 0.5, 3: 0.6}

    class Pace:
        def __init__(self, *_: Any) -> None:
            self._seconds = takes[torch.get_num_threads()]

        def __call__(self) -> float:
            return self._seconds

    monkeypatch.setattr(pace, "TrainerPace", Pace)
    assert threads.measure(3, random_data()) == 2
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("kept_threads")
def test_one_thread_needs_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "TrainerPace", None)
    assert threads.measure(1, random_data()) == 1
