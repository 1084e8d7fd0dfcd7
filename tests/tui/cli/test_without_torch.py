"""Without PyTorch everything works that does not train; what trains says in one line what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

from tui_vanish.working_folder import ROOT

# As if torch, torchvision and numpy were not installed: an import of one of them fails.
_CODE = """
import sys
sys.modules.update(dict.fromkeys(("torch", "torchvision", "numpy")))
from tui_vanish.cli.main import main
for line in sys.argv[1:]:
    code = main(line.split("|"))
    print(f"{line.split('|')[0]} {code}", file=sys.stderr)
"""


def run(*lines: str) -> list[str]:
    """The lines on standard error of several commands in one process without torch."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", _CODE, *lines],
        env={"PYTHONPATH": str(ROOT), "VANISH_TUI_LANG": "en", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stderr.splitlines()


def test_lists_recorded_runs_reports_and_exports_work(tmp_path: Path) -> None:
    commands = (
        f"list\nruns|--runs-dir|{tmp_path}\nruns|--recorded\nshow|relu\nshow|recorded:relu\n"
        f"report|recorded:relu|-o|{tmp_path}/r.html\nexport|recorded:relu|--csv|{tmp_path}/r.csv\n"
        f"export|recorded:relu|--tensorboard|{tmp_path}/t\ncompare|recorded:relu|recorded:depth-7"
    ).split("\n")
    found = run(*commands, f"runs|--runs-dir|{tmp_path}")
    assert [line.split()[-1] for line in found] == ["0"] * (len(commands) + 1), found
    assert (tmp_path / "r.html").stat().st_size > 100_000


@pytest.mark.parametrize(
    "command", ["run|relu", "compare|relu|adam", "sweep|map-sigmoid|--yes", "reproduce|relu", "bench"]
)
def test_what_trains_says_what_to_install(command: str, tmp_path: Path) -> None:
    line = f"{command}|--runs-dir|{tmp_path}"
    assert run(line) == [
        "vanish-tui: training needs PyTorch, which is not installed: pip install torch torchvision",
        f"{command.split('|')[0]} 1",
    ]
    assert list(tmp_path.iterdir()) == []
