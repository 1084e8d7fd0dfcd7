"""The wheel in bare environments, on the lowest and on the newest versions of what it needs, except PyTorch.

`tools/try_install.py` does the same with PyTorch, with pip, pipx and uv, and with each Python.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.pseudo_terminal import PseudoTerminal
from tools.try_install import ENDS, End, InstallError, Place, borrowing, build_wheel, requirements, said, use

BESIDE = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
if shutil.which("uv", path=BESIDE) is None and not os.environ.get("CI"):  # in CI, the tests fail without it
    pytest.skip("uv is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.mark.parametrize("end", ENDS)
def test_the_wheel_works_at_both_ends(
    end: End, wheel: Path, open_terminal: Callable[..., PseudoTerminal], tmp_path: Path
) -> None:
    command = borrowing(wheel, end, Place(tmp_path, sys.executable))
    use(command, tmp_path)
    version = "from importlib.metadata import version; print(version('textual'))"
    found = said(command.with_name("python"), "-c", version).strip()
    assert (f"textual>={found}" in " ".join(requirements())) == (end == "lowest")
    app = open_terminal("--lang", "en", program=[str(command)], environment={"PYTHONPATH": None})
    app.wait_for("▸ depth-7")
    app.type("b")
    app.wait_for("100/100")
    app.type("q")
    assert app.wait_for_end() == 0


def test_a_step_that_fails_says_what_it_has_printed() -> None:
    with pytest.raises(InstallError, match=r"exit code 3\): no$"):
        said(sys.executable, "-c", "import sys; sys.stderr.write('no'); sys.exit(3)")
    with pytest.raises(InstallError, match="no-such-program"):
        said("no-such-program")
