"""Whatever the umask allows others, what the program writes is for the user alone."""

import ast
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.storage import handover
from engine.storage.checkpoint import Checkpoint, write_checkpoint
from engine.storage.labels import Labels, write_labels
from engine.storage.run_index import list_runs
from engine.storage.run_log import RunLog
from tests.engine.lab import make_scenario, origin
from tests.test_architecture import PACKAGES, module_name, sources
from tui_vanish.session.catalogue import save
from tui_vanish.session.preferences import Preferences, remember
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.private import make_private_folder
from vanish_recorder.storage.run_lock import Owner, RunLock
from vanish_recorder.storage.summary import Summary, write_summary


@pytest.fixture(autouse=True)
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, set[str]]:
    """The modes of everything below a folder: of files and of folders."""
    found: dict[str, set[str]] = {"files": set(), "folders": set()}
    for path in folder.rglob("*"):
        kind = "folders" if path.is_dir() else "files"
        found[kind].add(oct(stat.S_IMODE(path.stat().st_mode)))
    return found


def test_a_run_a_scenario_and_the_preferences_are_for_the_user_alone(tmp_path: Path) -> None:
    runs = tmp_path / "state" / "vanish-tui" / "runs"
    scenario = make_scenario()
    log = RunLog(runs / "a-run", scenario.resolved() | {"id": "small"}, 5, origin())
    log.close()
    RunLock(runs / "a-run").release()
    write_summary(runs / "a-run", Summary("small", 5, Status.RUNNING))
    write_labels(runs / "a-run", Labels("mine"))
    write_checkpoint(
        runs / "a-run", Checkpoint(run="a-run", step=1, status=Status.RUNNING, log_bytes=0, trainer={})
    )
    handover.announce(runs, ["a-run"], Owner.present())
    old = (runs / "a-run").stat().st_mtime - 100
    os.utime(runs / "a-run", (old, old))
    list_runs(runs)
    remember(runs.parent / "ui.json", Preferences(theme="light"))
    save(scenario, tmp_path / "config" / "vanish-tui" / "scenarios")
    assert (runs / ".index.json").exists()
    assert modes(tmp_path) == {"files": {"0o600"}, "folders": {"0o700"}}


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    make_private_folder(tmp_path / "shared" / "mine")
    make_private_folder(tmp_path / "shared" / "mine")
    assert [oct(path.stat().st_mode & 0o777) for path in sorted(tmp_path.rglob("*"))] == ["0o755", "0o700"]


@pytest.mark.parametrize("place", ["file", "file/below", "link"])
def test_a_file_in_the_place_of_a_folder_is_an_error(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError):
        make_private_folder(tmp_path / place)


# These make folders with a mode of their own, inside a private one.
_MAKE_FOLDERS = {
    "vanish_recorder.storage.private",
    "vanish_recorder.storage.log_file",
    "engine.storage.trash",
    "engine.sweeps.folder",
    "engine.bench.dataloader",
}


def test_every_file_is_opened_by_the_private_opener() -> None:
    for path in (path for package in PACKAGES for path in sources(package)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            where = f"{module_name(path)}: {ast.unparse(node)}"
            mode = node.args[1] if len(node.args) > 1 else None
            if name == "open" and isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+"):
                openers = [keyword.value for keyword in node.keywords if keyword.arg == "opener"]
                discards = ast.unparse(node.args[0]) == "os.devnull"
                assert discards or [ast.unparse(each) for each in openers] == ["for_the_user_alone"], where
            writes = name.endswith((".write_text", ".write_bytes", ".touch"))
            assert not writes or module_name(path) == "engine.bench.dataloader", where
            assert not name.endswith((".mkdir", ".makedirs")) or module_name(path) in _MAKE_FOLDERS, where
