"""The dialog that starts a sweep, or continues one, in the background."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.getters import query_one
from textual.widgets import Static

from scenarios.languages import sweep_prose
from scenarios.problems import printable
from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.own_screen import Dialog
from tui_vanish.drawing.text import Piece, Row, cut, padded
from tui_vanish.language import current, plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.widgets.item_list import ItemList

if TYPE_CHECKING:
    from tui_vanish.sweeps.offers import Offer


class OfferList(ItemList["Offer"]):
    """The sweeps that can be trained."""

    def key(self, item: "Offer") -> tuple[str, str]:
        """The sweep's name, and its folder."""
        return item.name, str(item.folder)

    def item_row(self, item: "Offer", width: int, *, here: bool) -> Row:
        """The sweep's name and title, and its number of runs on the right."""
        role = "cursor" if here else "text"
        longest = max((len(each.name) for each in self.items if each.folder is None), default=0)
        title = sweep_prose(item.name, current()).get("title", spoken(item.title))
        words = title if item.folder is not None else f"{item.name:{longest}}  {title}"
        words = f" {self.alphabet.selected if here else ' '} {printable(words)}"
        right = Piece(f"{spoken(item.amount)} ", "cursor" if here else "dim")
        return padded((Piece(cut(words, width - len(right.text) - 1), role),), (right,), width, role=role)


class SweepDialog(Dialog["Offer | None"]):
    """Lets the user choose a sweep to train; its result is the sweep, or None after `esc`.

    Args:
        offers: the sweeps that can be trained.
        cores: how many runs train at the same time; 0 if a GPU decides.
    """

    AUTO_FOCUS = "OfferList"
    BINDINGS = [  # noqa: RUF012
        Binding("escape,q", "cancel", "Cancel"),
        Binding("enter", "choose", "Train"),
        Binding("down,j,tab", "move(1)", "Next"),
        Binding("up,k,shift+tab", "move(-1)", "Previous"),
        *bindings_everywhere(),
    ]

    _list = query_one(OfferList)
    _about = query_one("#about-sweep", Static)

    def __init__(self, offers: "Sequence[Offer]", cores: int) -> None:
        super().__init__()
        self._offers, self._cores = offers, cores

    def compose(self) -> ComposeResult:
        """The list, what the chosen sweep answers, and what the keys do."""
        if self._cores:
            heading = plural(
                "Train a sweep in the background, on {number} core",
                "Train a sweep in the background, on {number} cores",
                self._cores,
            )
        else:
            heading = tr("Train a sweep in the background")
        with Vertical(classes="question wide"):
            yield Static(f"{heading}\n", markup=False)
            sweeps = OfferList(self._offers)
            sweeps.styles.height = len(self._offers)
            yield sweeps
            yield Static("", id="about-sweep", markup=False)
            yield Static("\n" + tr("enter: train · ↑ ↓: choose · esc: cancel"), markup=False)

    def on_mount(self) -> None:
        """Describe the first sweep."""
        self._describe()

    @on(OfferList.Highlighted)
    def _describe(self) -> None:
        offer = self._list.current
        about = ""
        if offer is not None:
            question = sweep_prose(offer.name, current()).get("question", offer.question)
            about = question or tr("Trains what is missing in {name}.", name=offer.name)
        self._about.update(f"\n{printable(about)}")

    def action_move(self, by: int) -> None:
        """Choose another sweep."""
        self._list.move(by)

    @on(OfferList.Chosen)
    def action_choose(self) -> None:
        """Close the dialog with the chosen sweep."""
        self.dismiss(self._list.current)

    def action_cancel(self) -> None:
        """Train nothing."""
        self.dismiss(None)
