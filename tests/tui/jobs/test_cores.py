"""How many cores there are for training."""

import os
from pathlib import Path

import pytest

from tui_vanish.cli import options
from tui_vanish.cli.main import parser
from tui_vanish.jobs.cores import physical_cores, spare_cores


def pretend(monkeypatch: pytest.MonkeyPatch, processors: set[int]) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: processors)


def topology(folder: Path, siblings: dict[int, str]) -> Path:
    for processor, text in siblings.items():
        (folder / f"cpu{processor}/topology").mkdir(parents=True)
        (folder / f"cpu{processor}/topology/thread_siblings_list").write_text(text)
    return folder


def test_two_hyperthreads_are_one_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {0, 1, 2, 3})
    assert physical_cores(topology(tmp_path, {0: "0,2\n", 1: "1,3\n", 2: "0,2\n", 3: "1,3\n"})) == 2


def test_only_processors_that_the_process_may_use_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, {1})
    assert physical_cores(topology(tmp_path, {0: "0\n", 1: "1\n"})) == 1


def test_without_a_topology_every_processor_is_a_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, {0, 1, 2})
    assert physical_cores(tmp_path) == 3


@pytest.mark.parametrize(("processors", "expected"), [({0}, 1), ({0, 1, 2}, 2)])
def test_a_core_is_left_for_the_screen_where_there_is_another(
    processors: set[int], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, processors)
    monkeypatch.setattr("tui_vanish.jobs.cores.physical_cores", lambda: len(processors))
    assert spare_cores() == expected


def test_auto_is_a_choice_up_to_the_spare_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_vanish.jobs.cores.physical_cores", lambda: 8)
    auto = options.settings(parser().parse_args(["--threads", "auto"]))
    assert (auto.threads, auto.choose_threads) == (7, True)
    three = options.settings(parser().parse_args(["--threads", "3"]))
    assert (three.threads, three.choose_threads) == (3, False)
    default = options.settings(parser().parse_args([]))
    assert (default.threads, default.choose_threads) == (1, False)
