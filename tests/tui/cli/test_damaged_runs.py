"""A damaged file in a run's folder is answered in one sentence, and the run is never trained on a guess."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.storage.checkpoint import CHECKPOINT, PREVIOUS
from engine.storage.labels import LABELS
from engine.storage.run_index import INDEX
from tests.engine.lab import write_data
from tui_vanish.cli.main import main
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import LOCK
from vanish_recorder.storage.summary import SUMMARY

DEEP = b"[" * 100_000
VALUES: list[Any] = [None, True, float("inf"), 10**400, "\ud800\x1b[2J\n", []]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run; its data are beside it."""
    folder = tmp_path_factory.mktemp("trained")
    data = write_data(folder / "data", train=64)
    arguments = ["--data", str(data), "--epochs", "1", "--set", "model.width=16"]
    arguments += ["--set", "data.batch_size=32", "--runs-dir", str(folder / "runs")]
    assert main(["run", "depth-3", *arguments]) == 0
    (run,) = (each for each in (folder / "runs").iterdir() if each.is_dir())
    return run


@pytest.fixture
def run(trained: Path) -> Path:
    """A copy of the run, in the runs folder."""
    return shutil.copytree(trained, default_runs_folder() / "copy")


def keys(record: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in record.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found += keys(value, (*before, key))
    return found


def change(path: Path, key: tuple[str, ...], value: Any) -> None:
    """Change a value in a JSON file, or in the first line of a log."""
    first, newline, rest = path.read_text(encoding="utf-8"), "", ""
    if path.name == EVENTS:
        first, newline, rest = first.partition("\n")
    record = inside = json.loads(first)
    for name in key[:-1]:
        inside = inside[name]
    inside[key[-1]] = value
    path.write_text(f"{json.dumps(record)}{newline}{rest}", encoding="utf-8")


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code, and what was printed on standard error."""
    capsys.readouterr()
    code = main(arguments)
    return code, capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command is refused."""
    code, error = answer(capsys, *arguments)
    assert code == 2
    assert error.startswith("vanish-tui: ")
    assert error.endswith("\n")
    assert error[:-1].isprintable(), error
    return error


class Trains(Exception):
    """Instead of the training."""


def resumes(capsys: pytest.CaptureFixture[str], run: Path) -> bool:
    """Whether a resume gets as far as the training; it is refused in one line otherwise."""
    try:
        refused(capsys, "run", "--resume", run.name, "--epochs", "2")
    except Trains:
        return True
    return False


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def train_all(*_: object, **__: object) -> None:
        raise Trains

    monkeypatch.setattr("tui_vanish.cli.commands.run.train_all", train_all)


@pytest.mark.parametrize("name", [DESCRIPTION, SUMMARY, EVENTS])
def test_no_value_in_a_run_s_files_ends_a_command_with_a_traceback(
    name: str, run: Path, no_training: None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run / name
    before = path.read_text(encoding="utf-8")
    for key in keys(json.loads(before.partition("\n")[0] if name == EVENTS else before)):
        for value in VALUES:
            change(path, key, value)
            resumes(capsys, run)
            for command in (["watch", run.name], ["runs"], ["runs", "--json"]):
                code, error = answer(capsys, *command)
                assert code == 0 or (code == 2 and error[:-1].isprintable()), (key, value, error)
            path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("name", [DESCRIPTION, SUMMARY, EVENTS, LABELS, INDEX])
@pytest.mark.parametrize("content", [DEEP, b'{"a":' * 100_000, b"null\n", b"\xff\n"])
def test_no_file_full_of_rubbish_ends_a_command_with_a_traceback(
    name: str, content: bytes, run: Path, no_training: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (run.parent / name if name == INDEX else run / name).write_bytes(content)
    resumes(capsys, run)
    for command in (["watch", run.name], ["runs"], ["export", run.name, "--csv"]):
        assert answer(capsys, *command)[0] in (0, 2)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (("seed",), 7, "run.json and events.jsonl name a different seed"),
        (("seed",), "7", "run.json does not describe a run"),
        (("scenario", "model", "activation"), "relu", "run.json and events.jsonl name a different scenario"),
        (("scenario", "optimizer", "lr"), 0.5, "run.json and events.jsonl name a different scenario"),
        (("scenario", "title"), "", "its scenario is not valid in this version"),
        (("data", "train"), 65, "run.json and events.jsonl name a different number of images"),
        (("data", "passes"), 10, "it was trained on 64/20 images"),
        (("data", "sha256"), "0" * 64, "it was trained on other images"),
        (("data", "source"), "sample", "it was trained on 64/20 images (sample), but"),
        (("data", "folder"), "/no\nwhere", r"/no\nwhere: expected a folder with"),
        (("threads",), 5000, "run.json does not describe a run"),
        (("device",), "", "run.json does not describe a run"),
        (("device",), "xpu:0", "it was trained on xpu:0, but would continue on c"),
    ],
)
def test_a_run_whose_description_was_changed_is_not_resumed(
    key: tuple[str, ...], value: Any, words: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run / EVENTS).read_bytes()
    change(run / DESCRIPTION, key, value)
    assert words in refused(capsys, "run", "--resume", run.name, "--epochs", "2")
    assert (run / EVENTS).read_bytes() == before


def test_a_run_of_a_gpu_is_refused_without_one_and_continues_if_told_to(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    change(run / DESCRIPTION, ("device",), "cuda:1")
    error = refused(capsys, "run", "--resume", run.name, "--epochs", "2")
    assert "it was trained on cuda:1, but would continue on cpu here: use --device cuda, or" in error
    refused(capsys, "run", "--resume", run.name, "--epochs", "2", "--device", "cuda")
    assert answer(capsys, "run", "--resume", run.name, "--epochs", "2", "--device", "cpu")[0] == 0


def test_a_checkpoint_of_another_network_is_refused_in_one_sentence(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (DESCRIPTION, EVENTS):
        change(run / name, ("scenario", "model", "width"), 32)
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.name != LOCK}
    error = refused(capsys, "run", "--resume", run.name, "--epochs", "2")
    other = (
        "checkpoint.pt belongs to a run with another scenario, seed or data: remove it, and the run resumes"
    )
    assert error.startswith(
        f"vanish-tui: {run.name} cannot be resumed: {other} from the checkpoint before it"
    )
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.name != LOCK} == before


def test_a_checkpoint_without_checksum_of_another_network_is_refused_in_one_sentence(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (DESCRIPTION, EVENTS):
        change(run / name, ("scenario", "model", "width"), 32)
    change(run / DESCRIPTION, ("checkpoints",), None)
    for path in run.glob("checkpoint*.pt"):
        path.write_bytes(path.read_bytes().rpartition(b"\nsha256 ")[0])
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.name != LOCK}
    error = refused(capsys, "run", "--resume", run.name, "--epochs", "2")
    fits = "its checkpoint does not fit its scenario (its network has another shape or type)"
    assert error == f"vanish-tui: {run.name} cannot be resumed: {fits}\n"
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.name != LOCK} == before


@pytest.mark.parametrize(
    "name", [EVENTS, CHECKPOINT, PREVIOUS, "checkpoint.tmp", DESCRIPTION, SUMMARY, LOCK, LABELS]
)
def test_no_command_writes_through_a_link_in_a_run_s_folder(
    name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, treasure = run / name, tmp_path / "years of work"
    content = path.read_bytes() if path.exists() else b"not to be lost"
    treasure.write_bytes(content)
    path.unlink(missing_ok=True)
    path.symlink_to(treasure)
    for command in (
        ["run", "--resume", run.name, "--epochs", "2"],
        ["rename", run.name, "mine"],
        ["tag", run.name, "mine"],
        ["stop", run.name],
        ["rm", run.name],
        ["rm", "--undo", run.name],
    ):
        code, error = answer(capsys, *command)
        assert code in (0, 1, 2), (command, error)
        assert "Traceback" not in error
        assert treasure.read_bytes() == content, command


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000, "\x1b[2J\n", "", "."])
def test_a_name_that_no_run_can_have_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "watch", name)
    refused(capsys, "run", "--resume", name)
    refused(capsys, "export", name, "--csv")


def test_the_name_of_a_folder_cannot_control_the_terminal(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = run.rename(run.with_name("odd\n\x1b[2J"))
    assert main(["watch", odd.name]) == 0
    assert main(["run", "--resume", odd.name, "--epochs", "2"]) == 0
    done = capsys.readouterr()
    assert "\x1b" not in done.out + done.err
    assert r"vanish-tui: odd\n\x1b[2J finished" in done.err
