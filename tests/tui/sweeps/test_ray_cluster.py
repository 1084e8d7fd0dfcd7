"""What a sweep on Ray says when it cannot train, without a cluster."""

import importlib.util
import os
import queue
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.sweeps.folder import Means
from tui_vanish.jobs import children
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.sweeps import ray_cluster
from tui_vanish.sweeps.ray_driver import differs
from tui_vanish.sweeps.ray_node import Node, files_in, versions
from tui_vanish.sweeps.tasks import Report


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert importlib.util.find_spec("ray") is not None
    ray_cluster.check("", "auto")
    monkeypatch.setattr(ray_cluster, "find_spec", lambda name: None)
    with pytest.raises(RefusedError, match=r"pip install 'vanish-tui\[ray\]'"):
        ray_cluster.check("", "auto")


def test_a_node_has_the_versions_of_this_machine() -> None:
    here = versions()
    name, there = Node().about()
    assert (name, there) == (os.uname().nodename, here)
    assert here["torch"]
    assert differs("box", here, here) == ""
    without = {**here, "vanish-tui": ""}
    other = {**here, "torch": "1.0"}
    assert differs("box", without, {**here, "vanish-tui": "9.1"}) == (
        "box has no vanish-tui: install vanish-tui 9.1 there, as it is here"
    )
    assert differs("box", other, here).startswith("box has torch 1.0: install torch")


def test_hidden_files_and_links_stay_on_the_node(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(b"{}")
    (tmp_path / ".lock").write_bytes(b"1")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert files_in(str(tmp_path)) == {"run.json": b"{}"}
    assert files_in(str(tmp_path / "nothing")) == {}


def test_a_line_that_is_no_report_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['{"slots": 1}', "{", '{"a": 1}', '{"number": 3, "kind": "ended", "status": "finished"}']
    printing = [sys.executable, "-c", f"print({chr(10).join(lines)!r})"]

    def start(_: object, **options: Any) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(printing, **options)

    monkeypatch.setattr(children, "start", start)
    cluster = ray_cluster.RayCluster(tmp_path, Means(), ray_cluster.HERE, None, 1)
    cluster.connect(print)
    reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
    cluster.start(reports.put)
    try:
        assert reports.get(timeout=60) == Report(3, "ended", status="finished")
        assert reports.get(timeout=60).kind == "gone"
    finally:
        cluster.close()
