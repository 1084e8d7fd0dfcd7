"""Every Python process of the product is started in one place, and never imports from the working folder."""

import ast
import os
import sys
from pathlib import Path

import pytest

from tests.test_architecture import PACKAGES, module_name, sources
from tui_vanish.jobs import children
from tui_vanish.working_folder import ROOT, is_the_users, leave_out, shadows

_TELL = "import json, sys; print(json.dumps([sys.path, sys.flags.safe_path]))"
# Becomes the user's own program, which gets Python's options as the user wrote them.
_PROGRAM_OF_THE_USER = "tui_vanish.jobs.passing_on"
# Programs that are not Python: systemd's, the one of the GPUs' driver, the user's text editor, and git.
_OTHER_PROGRAMS = {
    "tui_vanish.cli.doctor.login",
    "engine.gpu_occupants",
    "tui_vanish.text_editor",
    "vanish_recorder.surroundings",
}


def names_in(path: Path) -> set[str]:
    """The dotted names that a source uses, such as `sys.executable`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}


def users_of(*wanted: str) -> set[str]:
    """The modules of the product that use one of these names, or a name below it."""
    return {
        module_name(path)
        for package in PACKAGES
        for path in sources(package)
        if any(f"{name}.".startswith(f"{each}.") for name in names_in(path) for each in wanted)
    }


def test_python_is_started_in_one_module() -> None:
    assert users_of("sys.executable") == {"tui_vanish.jobs.children"}
    started = users_of("subprocess.Popen", "subprocess.run", "subprocess.check_output", "subprocess.call")
    assert started == {"tui_vanish.jobs.children", _PROGRAM_OF_THE_USER, *_OTHER_PROGRAMS}


def test_no_process_is_started_in_another_way() -> None:
    ways = ("os.system", "os.popen", "os.fork", "os.posix_spawn", "os.execv", "os.execve", "os.spawnv")
    assert users_of(*ways, "multiprocessing", "asyncio.create_subprocess_exec") == {_PROGRAM_OF_THE_USER}


def test_every_process_starts_without_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit('the file of the user')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((".", "", str(tmp_path), "/somewhere/else", ROOT)))
    done = children.ask(["-c", _TELL], 60)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) not in done.stdout
    assert "/somewhere/else" in done.stdout
    with children.start(["-c", "import sys; sys.exit(7 if sys.flags.safe_path else 1)"]) as process:
        assert process.wait() == 7


def test_a_program_that_lies_in_the_working_folder_is_found_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    done = children.ask(["-c", "import tui_vanish; print(tui_vanish.__file__)"], 60)
    assert done.stdout.startswith(ROOT), done.stderr


@pytest.mark.parametrize("entry", ["", ".", "../{name}", "{folder}", "{link}"])
def test_the_working_folder_is_recognised_in_every_spelling(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, link = tmp_path / "project", tmp_path / "link"
    project.mkdir()
    link.symlink_to(project)
    monkeypatch.chdir(project)
    assert is_the_users(entry.format(name=project.name, folder=project, link=link))
    assert not is_the_users(str(tmp_path))


def test_the_folders_of_python_and_of_the_program_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (ROOT, os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(pytest.__file__))):
        monkeypatch.chdir(folder)
        before = list(sys.path)
        monkeypatch.setattr(sys, "path", [folder, *before])
        assert leave_out() == ""
        assert sys.path[0] == folder
        monkeypatch.setattr(sys, "path", before)


def test_our_packages_come_from_beside_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTHONPATH may name the top of the user's project while the program runs in a folder below."""
    (tmp_path / "engine.py").write_text("raise SystemExit('the file of the user')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), ROOT)))
    code = "import tui_vanish.__main__, engine; print(engine.__file__)"
    done = children.ask(["-c", code], 60)
    assert done.stdout.startswith(ROOT), done.stderr


def test_only_what_can_be_imported_shadows_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("engine.py", "mine.py", "json.txt", "torch.cpython-311-x86_64-linux-gnu.so", "rich.pyc"):
        Path(name).touch()
    for name in ("random", "scenarios", "engine"):
        Path(name).mkdir()
    Path("scenarios/__init__.py").touch()
    assert shadows() == ["engine.py", "rich.pyc", "scenarios/", "torch.cpython-311-x86_64-linux-gnu.so"]
    monkeypatch.chdir(ROOT)
    assert shadows() == []
