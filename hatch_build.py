"""Compiles the catalogues of translations into the wheel; a checkout reads their text."""

import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("tui_vanish") / "language"


class CompiledCatalogues(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `vi.mo` beside `vi.po`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile each catalogue, unless the installed program is the checkout itself."""
        if version == "editable":
            return
        compiled = Path(tempfile.mkdtemp(prefix="vanish-tui-"))
        for text in sorted((Path(self.root) / FOLDER).glob("*.po")):
            with text.open("rb") as file:
                catalog = read_po(file, locale=text.stem)
            path = compiled / f"{text.stem}.mo"
            with path.open("wb") as target:
                write_mo(target, catalog)
            build_data["force_include"][str(path)] = str(FOLDER / path.name)
