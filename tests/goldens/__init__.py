"""Texts that a person has read and found right, each a file beside this one.

`UPDATE_GOLDENS=1 pytest ...` writes them again; read the diff before you commit it.
"""

import difflib
import os
from pathlib import Path

_FOLDER = Path(__file__).parent


def check(name: str, text: str) -> None:
    """Assert that `text` is what tests/goldens/<name>.txt holds; `name` may have folders in it."""
    path = _FOLDER / f"{name}.txt"
    text = text if text.endswith("\n") else text + "\n"
    if os.environ.get("UPDATE_GOLDENS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.exists(), f"no golden {path}; UPDATE_GOLDENS=1 writes it:\n{text}"
    expected = path.read_text(encoding="utf-8")
    if text == expected:
        return
    diff = difflib.unified_diff(
        expected.splitlines(), text.splitlines(), f"goldens/{name}.txt", "this run", lineterm=""
    )
    raise AssertionError("\n".join(["differs from its golden (UPDATE_GOLDENS=1 accepts it):", *diff]))
