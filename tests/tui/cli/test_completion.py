"""What a shell is offered, asked as a shell asks: in a process of its own, by argcomplete's protocol."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.fields import known_keys
from tests.e2e.pseudo_terminal import PseudoTerminal
from tests.engine import made_up_watched as made_up
from tui_vanish.cli.commands.completion import SHELLS
from tui_vanish.cli.main import COMMANDS, main
from tui_vanish.working_folder import ROOT


def offered(tmp_path: Path, line: str) -> list[str]:
    """What bash would offer at the end of a line."""
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "offered"),
    }
    subprocess.run([sys.executable, "-m", "tui_vanish"], env=environment, cwd=ROOT, check=True, timeout=60)
    return [word.strip() for word in (tmp_path / "offered").read_text().split("\n")]


def test_commands_are_completed(tmp_path: Path) -> None:
    assert set(offered(tmp_path, "vanish-tui ")) >= set(COMMANDS)


def test_ids_names_of_runs_and_options_are_completed(tmp_path: Path) -> None:
    made_up.write(tmp_path, [*made_up.course([1, 2, 3])])
    where = f"--runs-dir {tmp_path}"
    assert offered(tmp_path, "vanish-tui run depth-") == ["depth-3", "depth-5", "depth-7"]
    assert made_up.RUN in offered(tmp_path, f"vanish-tui show {where} ")
    assert "relu" in offered(tmp_path, f"vanish-tui show {where} ")
    found = offered(tmp_path, f"vanish-tui rm {where} ")
    assert "@last" in found
    assert made_up.RUN in found
    assert "relu" not in found
    assert "--undo" in offered(tmp_path, "vanish-tui rm --")


def test_dotted_keys_are_completed(tmp_path: Path) -> None:
    expected = {f"{key}=" for key in known_keys() if key.startswith("optimizer.")}
    assert set(offered(tmp_path, "vanish-tui run depth-7 --set optimizer.")) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_code_that_names_the_program(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    code = capsys.readouterr().out
    assert "vanish-tui" in code
    assert "_ARGCOMPLETE" in code
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=code, text=True, check=True)


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A PATH on which `vanish-tui` is this checkout."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "vanish-tui"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m tui_vanish "$@"\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def installed(shell: str) -> str:
    """The path of a shell; where it is missing, the test is skipped, or fails in CI."""
    path = shutil.which(shell)
    if path is None and not os.environ.get("CI"):
        pytest.skip(f"{shell} is not installed")
    assert path is not None
    return path


def test_fish_completes(program: str, tmp_path: Path) -> None:
    code = 'vanish-tui completion fish | source; complete -C "vanish-tui run depth-"'
    done = subprocess.run(
        [installed("fish"), "--no-config", "-c", code],
        env={**os.environ, "PATH": program, "PYTHONPATH": ROOT, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["depth-3", "depth-5", "depth-7"]


def test_zsh_completes_while_the_user_types(program: str) -> None:
    environment = {"PATH": program, "PYTHONPATH": ROOT, "PS1": "ready> "}
    with PseudoTerminal(["-f", "-i"], program=[installed("zsh")], environment=environment) as shell:
        shell.wait_for("ready>")
        shell.type('autoload -U compinit; compinit -D; eval "$(vanish-tui completion zsh)"; PS1="set> "\r')
        shell.wait_for("\nset>")
        shell.type("vanish-tui run depth-\t")
        shell.wait_for(lambda text: all(name in text for name in ("depth-3", "depth-5", "depth-7")))
