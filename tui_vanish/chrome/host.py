"""What a screen asks of whatever opens screens around it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from scenarios.schema import Scenario


class Host(Protocol):
    """The app as its screens know it, besides what every Textual app has."""

    @property
    def leaving(self) -> bool:
        """Whether the app ends, so that nothing is to be shown any more."""

    def show_in_lab(self, scenario_id: str) -> None:
        """Highlight a scenario in the lab."""

    def open_comparison(self) -> None:
        """Show the present comparison."""

    def open_editor(self, base: "Scenario") -> None:
        """Edit a scenario's values, to train the variant or to save it."""

    def copy(self, text: str) -> None:
        """Copy to the clipboard, and show what was copied."""
