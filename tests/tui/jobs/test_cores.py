"""How many cores there are for training."""

import os
from pathlib import Path

import pytest

from tui_vanish.cli import options
from tui_vanish.cli.main import parser
from tui_vanish.jobs.cores import cpu_quota, physical_cores, spare_cores


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


def groups(folder: Path, membership: str, files: dict[str, str]) -> tuple[Path, Path]:
    """A made-up /proc/self/cgroup, and the mounted control groups."""
    (folder / "cgroup").write_text(membership)
    for name, text in files.items():
        (folder / "mounted" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "mounted" / name).write_text(text)
    return folder / "cgroup", folder / "mounted"


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 0.5),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3.0),
        ("0::/docker/1f\n", {"cpu.max": "150000 100000\n"}, 1.5),  # the group is what is mounted
        ("4:memory:/x\n1:cpu,cpuacct:/x\n0::/\n", {
            "cpu,cpuacct/x/cpu.cfs_quota_us": "200000\n", "cpu,cpuacct/x/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        }, 2.0),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ("0::/\n", {"cpu.max": "rubbish"}, None),
        ("", {}, None),
    ],
)  # fmt: skip
def test_the_quota_of_control_groups(
    membership: str, files: dict[str, str], expected: float | None, tmp_path: Path
) -> None:
    assert cpu_quota(*groups(tmp_path, membership, files)) == expected


def test_without_control_groups_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path / "missing", tmp_path) is None


@pytest.mark.parametrize(("quota", "expected"), [(0.5, 1), (1.5, 1), (2.0, 2), (16.0, 3), (None, 3)])
def test_a_quota_limits_the_cores(
    quota: float | None, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, {0, 1, 2})
    monkeypatch.setattr("tui_vanish.jobs.cores.cpu_quota", lambda: quota)
    assert physical_cores(tmp_path) == expected


def test_auto_is_a_choice_up_to_the_spare_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_vanish.jobs.cores.physical_cores", lambda: 8)
    auto = options.settings(parser().parse_args(["--threads", "auto"]))
    assert (auto.threads, auto.choose_threads) == (7, True)
    three = options.settings(parser().parse_args(["--threads", "3"]))
    assert (three.threads, three.choose_threads) == (3, False)
    default = options.settings(parser().parse_args([]))
    assert (default.threads, default.choose_threads) == (1, False)
