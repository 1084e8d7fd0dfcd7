"""What a sweep on Ray says when it cannot train, without a cluster."""

import importlib.util
import os
from pathlib import Path

import pytest

from tui_vanish.jobs.exits import RefusedError
from tui_vanish.sweeps import ray_cluster
from tui_vanish.sweeps.ray_driver import differs
from tui_vanish.sweeps.ray_node import Node, files_in, versions


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
