"""What a screen needs from the object that opens other screens."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from scenarios import Entry
    from scenarios.schema import Scenario
    from tui_vanish.chrome.meters_switch import MetersSwitch


class Host(Protocol):
    """What `Navigation` does for the screens that it opens."""

    @property
    def leaving(self) -> bool:
        """Whether the app is quitting, so that the screen must not be updated any more."""

    @property
    def meters(self) -> "MetersSwitch | None":
        """How busy this machine is; None until the user wants to see it."""

    def show_in_lab(self, scenario_id: str) -> None:
        """Highlight a scenario in the lab."""

    def open_recorded(self, scenario_id: str, *, step: int | None = None, speed: float | None = None) -> None:
        """Show the recorded run of a scenario in the lab, at a step, and play it from there on."""

    def begin_comparison(self, entries: "Sequence[Entry]", *, alone: bool) -> None:
        """Ask for the terms, add these scenarios to the comparison, and show it."""

    def open_comparison(self) -> None:
        """Show the current comparison."""

    def open_map(self, sweep: Path) -> None:
        """Show the map of the sweep in that folder."""

    def open_editor(self, base: "Scenario") -> None:
        """Edit a scenario's values, then train or save the variant."""

    def edit_file(self, path: Path) -> None:
        """Open a file in the user's text editor, and wait until it ends."""

    def copy(self, text: str) -> None:
        """Copy to the user's clipboard, and show what was copied."""
