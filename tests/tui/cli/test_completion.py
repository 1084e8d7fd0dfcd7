"""What a shell is offered, asked as a shell asks: in a process of its own, by argcomplete's protocol."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.fields import known_keys
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
