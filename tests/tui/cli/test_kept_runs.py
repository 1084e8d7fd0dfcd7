"""`rm`, `tag`, `rename` and `stop`: what the list of runs does, from the command line."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from engine.storage import handover
from engine.storage.labels import Labels, read_labels
from engine.storage.run_index import RunEntry, read_entry
from tests.engine import made_up_watched as made_up
from tests.tui.cli.test_many_runs import small
from tui_vanish.cli.commands import stop
from tui_vanish.cli.main import main
from tui_vanish.jobs import children
from vanish_recorder import control
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import Owner, owner_of

__all__ = ["small"]  # fixtures


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """A folder with one run that has ended."""
    made_up.write(tmp_path, [*made_up.course([1, 2, 3])])
    return ["--runs-dir", str(tmp_path)]


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    out, err = capsys.readouterr()
    return err if code else out


def test_rm_deletes_a_run_and_undo_restores_it(
    tmp_path: Path, runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"rm --undo {made_up.RUN}" in said(capsys, "rm", made_up.RUN, *runs)
    assert not os.path.lexists(tmp_path / made_up.RUN)
    assert said(capsys, "rm", "--undo", *runs) == f"{made_up.RUN} was restored\n"
    assert os.path.isdir(tmp_path / made_up.RUN)
    assert "no deleted run" in said(capsys, "rm", "--undo", *runs, code=2)


def test_rm_finds_all_runs_before_it_deletes_the_first(
    tmp_path: Path, runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no run 'other'" in said(capsys, "rm", made_up.RUN, "other", *runs, code=2)
    assert os.path.isdir(tmp_path / made_up.RUN)


def test_rm_deletes_a_run_that_cannot_be_read_but_no_other_folder(
    tmp_path: Path, runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    assert "broken was deleted" in said(capsys, "rm", "broken", *runs)
    said(capsys, "rm", "mine", *runs, code=2)
    assert os.path.isfile(tmp_path / "mine" / "thesis.txt")


def test_a_recorded_run_is_never_changed(runs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["rm"], ["tag"], ["rename"], ["stop"]):
        rest = ["name"] if command == ["rename"] else []
        message = said(capsys, *command, "recorded:depth-7", *rest, *runs, code=2)
        assert "comes with the program" in message


def test_tags_are_added_printed_and_removed(
    tmp_path: Path, runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "tag", made_up.RUN, "a,b", "c", "a", *runs) == f"{made_up.RUN}  #a  #b  #c\n"
    assert said(capsys, "tag", made_up.RUN, *runs).endswith("#a  #b  #c\n")
    said(capsys, "tag", made_up.RUN, "--remove", "b", *runs)
    assert read_labels(tmp_path / made_up.RUN) == Labels("", ("a", "c"))
    said(capsys, "tag", made_up.RUN, "--remove", *runs)
    assert read_labels(tmp_path / made_up.RUN).tags == ()


def test_a_run_is_found_by_the_name_that_rename_gave_it(
    tmp_path: Path, runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "tag", made_up.RUN, "kept", *runs)
    said(capsys, "rename", made_up.RUN, "base line", *runs)
    assert read_labels(tmp_path / made_up.RUN) == Labels("base line", ("kept",))
    said(capsys, "rename", "base line", "", *runs)
    assert read_labels(tmp_path / made_up.RUN).name == ""


def test_stop_refuses_a_run_that_no_process_trains(
    runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no process trains it" in said(capsys, "stop", made_up.RUN, *runs, code=2)


def test_stop_waits_for_the_process_that_a_run_was_left_to(
    tmp_path: Path, runs: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(folder: Path) -> RunEntry:
        handover.end(tmp_path)
        return read_entry(folder)

    handover.announce(tmp_path, [made_up.RUN], Owner.present())
    monkeypatch.setattr(stop, "_PATIENCE_SECONDS", -1.0)
    assert "is still starting; try again later" in said(capsys, "stop", made_up.RUN, *runs, code=1)
    monkeypatch.undo()
    monkeypatch.setattr(stop, "read_entry", read)
    assert "no process trains it" in said(capsys, "stop", made_up.RUN, *runs, code=2)


def test_stop_saves_the_run_of_another_process(
    tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["-m", "tui_vanish", "run", str(tmp_path / "slow.toml"), "--json", "--epochs", "100000", *small]
    with children.start(command, stdout=subprocess.PIPE) as training:
        assert training.stdout is not None
        run = json.loads(training.stdout.readline())["run"]
        for line in training.stdout:
            if json.loads(line)["event"] == "epoch_finished":
                break
        assert "stop it: vanish-tui stop" in said(capsys, "rm", run, *small[2:], code=2)
        assert said(capsys, "stop", "@last", *small[2:]) == f"{run} was saved and stopped\n"
        training.stdout.read()
    assert training.returncode == 143
    assert owner_of(tmp_path / "runs" / run) is None
    assert main(["runs", "--json", *small[2:]]) == 0
    assert [each["status"] for each in json.loads(capsys.readouterr().out)] == ["stopped"]


def test_stop_asks_a_script_of_the_user_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    from tests.recorder.training import mlp
    from tui_vanish import watch

    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, optimizer, name="mine", runs_dir=default_runs_folder(), quiet=True)
    try:
        assert "was asked to end after this step" in said(capsys, "stop", lab.run)
        written = (default_runs_folder() / lab.run / control.CONTROL).read_bytes().splitlines(keepends=True)
        assert [control.from_line(line) for line in written] == [control.Stop()]
    finally:
        lab.close()
