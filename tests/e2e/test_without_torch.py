"""The app where PyTorch is not installed: it shows what it has, and says what training needs."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.e2e.pseudo_terminal import PseudoTerminal

# As if they were not installed: an import of one of them fails.
_CODE = """
import sys
sys.modules.update(dict.fromkeys(("torch", "torchvision", "numpy")))
from tui_vanish.__main__ import main
sys.exit(main())
"""
_PROGRAM = (sys.executable, "-P", "-c", _CODE)
_SENTENCE = "training needs PyTorch, which is not installed: pip install torch torchvision"


def test_the_app_opens_and_shows_recorded_runs_theory_and_reports(
    open_terminal: Callable[..., PseudoTerminal], tmp_path: Path
) -> None:
    app = open_terminal("--data", "sample", "--lang", "en", program=_PROGRAM, cwd=tmp_path)
    app.wait_for("▸ depth-7")
    app.type("b")
    app.wait_for(lambda text: "100/100" in text and text.count("▇") > 20)
    app.type("F")
    app.wait_for("Report: ")
    assert (tmp_path / "report-recorded-depth-7.html").stat().st_size > 100_000
    app.type("tL")
    app.wait_for("Vanishing Problem")
    app.type("\x1b")
    app.wait_for("max g")
    app.type("\x1b")
    app.wait_for("Scenarios")
    app.type("A")
    app.wait_for(_SENTENCE)
    app.type("j\r")
    failed = app.wait_for(f"{_SENTENCE}. Press")
    assert "Debian package" not in failed  # where the recorded run comes from
    app.type("q")
    assert app.wait_for_end() == 0
