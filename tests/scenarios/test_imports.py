"""What importing the scenarios loads, in a fresh interpreter."""

import subprocess
import sys

import pytest


def _loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in result.stdout.split()}


@pytest.mark.parametrize("statement", ["import scenarios", "import scenarios; scenarios.entries()"])
def test_listing_the_catalogue_imports_neither_torch_nor_textual_nor_pydantic(statement: str) -> None:
    assert not _loaded_after(statement) & {"torch", "textual", "rich", "numpy", "pydantic"}


def test_loading_a_scenario_imports_neither_torch_nor_textual() -> None:
    loaded = _loaded_after("import scenarios; scenarios.load('staged')")
    assert "pydantic" in loaded
    assert not loaded & {"torch", "textual", "rich", "numpy", "engine", "tui_vanish"}
