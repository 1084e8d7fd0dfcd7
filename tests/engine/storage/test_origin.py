"""Where a run began: written, read back, and never guessed from a damaged description."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.storage.origin import Origin
from tests.engine.lab import begin, make_scenario, of_kind, origin, random_data
from vanish_recorder.protocol.events import RunStarted


@pytest.fixture
def started() -> RunStarted:
    _, events = begin(make_scenario(), random_data())
    return of_kind(events, RunStarted)[0]


def test_the_first_event_of_an_earlier_version_tells_all_but_the_contents(started: RunStarted) -> None:
    assert Origin.of_event(started) == replace(origin(), sha256="")


def test_a_folder_is_known_by_its_absolute_path(started: RunStarted) -> None:
    found = Origin.of_event(replace(started, data={**started.data, "source": "/data/mine"}))
    assert found is not None
    assert found.data_option == Path("/data/mine")
    sample = Origin.of_event(replace(started, data={**started.data, "source": "sample"}))
    assert sample is not None
    assert (sample.data_option, sample.passes) == (Path("sample"), 10)


@pytest.mark.parametrize(
    "changes",
    [{"source": None}, {"source": 3}, {"train": "80"}, {"train": True}, {"test": 0}, {"test": None}],
)
def test_a_damaged_first_event_tells_nothing(changes: dict[str, Any], started: RunStarted) -> None:
    assert Origin.of_event(replace(started, data={**started.data, **changes})) is None
    assert Origin.of_event(replace(started, data={})) is None
