"""A ctrl+c while the program is still being imported."""

import signal
import subprocess
import sys

import pytest

from tui_vanish.__main__ import main

# Sends SIGINT when the import of `module` begins.
_INTERRUPTED = """
import os, signal, sys

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
sys.argv = ["vanish-tui", "list"]
{before}
from tui_vanish.__main__ import main
sys.exit(main())
"""


def test_another_system_than_linux_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main() == 1
    assert capsys.readouterr().err == "vanish-tui needs Linux (on Windows: WSL); this is darwin\n"


def ended(module: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    code = _INTERRUPTED.format(module=module, before=before)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "code"), [("tui_vanish.cli.main", -signal.SIGINT), ("tui_vanish.cli.commands.list", 130)]
)
def test_an_early_ctrl_c_prints_no_traceback(module: str, code: int) -> None:
    done = ended(module)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    done = ended("tui_vanish.cli.main", before="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert done.returncode == 0
    assert "depth-7" in done.stdout
