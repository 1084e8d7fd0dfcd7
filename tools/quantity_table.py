"""Write the table of quantities in docs/measuring.md from vanish_recorder/protocol/quantities.py.

    python -m tools.quantity_table

A test compares the two, word for word.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Quantity

PAGE = Path(__file__).parent.parent / "docs" / "measuring.md"
_HEAD = "| name | what | where |\n|---|---|---|\n"
_FROZEN = "| `frozen` | whether the layer is frozen | every layer |\n"


def table(quantities: Mapping[str, Quantity] = QUANTITIES) -> str:
    """The table in Markdown: each quantity in its order, and at the end what else a layer has."""
    rows = (f"| `{name}` | {each.definition} | {each.where} |\n" for name, each in quantities.items())
    return _HEAD + "".join(rows) + _FROZEN


def written(page: str) -> str:
    """The table that a page holds; it has the head of `table`."""
    found = re.search(re.escape(_HEAD) + r"(?:\|.*\n)*", page)
    return found[0] if found else ""


def main() -> None:
    """Replace the page's table."""
    page = PAGE.read_text(encoding="utf-8")
    if not written(page):
        raise SystemExit(f"{PAGE} has no table that begins with {_HEAD.splitlines()[0]}")
    PAGE.write_text(page.replace(written(page), table()), encoding="utf-8")


if __name__ == "__main__":
    main()
