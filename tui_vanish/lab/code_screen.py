"""A scenario's network as PyTorch prints it, its parameters, and its PyTorch script."""

from math import prod
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from engine.export.modules import parameters, printed
from engine.export.script import NoScript, script
from scenarios.networks import Mlp
from tui_vanish.chrome.page_screen import PageScreen
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import plural, tr
from tui_vanish.widgets.scrolling import ScrollingRows

if TYPE_CHECKING:
    from scenarios.schema import Scenario

_NAME = 24  # cells of a parameter's name


class CodeScreen(PageScreen):
    """The page.

    Args:
        scenario: whose network and code it shows.
        seed: that the script takes if it is given none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("K", "dismiss", "Back")]

    def __init__(self, scenario: "Scenario", seed: int) -> None:
        super().__init__(
            CodeText(scenario, seed),
            lambda: (Piece(tr("Network and code of {id}", id=scenario.id), "title"),),
        )


class CodeText(ScrollingRows):
    """The text of the page; lines that are too long are cut, as the file has them whole."""

    def __init__(self, scenario: "Scenario", seed: int) -> None:
        super().__init__()
        self._scenario, self._seed = scenario, seed

    def page_rows(self, width: int) -> list[Row]:
        """The whole page."""
        return code_rows(self._scenario, self._seed)


def code_rows(scenario: "Scenario", seed: int) -> list[Row]:
    """The rows of the page: the network, its parameters, its script."""
    model = scenario.model
    command = f"vanish-tui code {scenario.id}"
    if not isinstance(model, Mlp):
        text = tr("There is no script yet for networks of the kind {kind}.", kind=model.kind)
        return [(Piece(f" {text}"),)]
    shapes = parameters(model)
    total = sum(prod(shape) for _, shape in shapes)
    rows: list[Row] = [(Piece(f" {tr('As PyTorch prints it')}", "title"),), *_plain(printed(model))]
    heading = plural("{number} parameter", "{number} parameters", total)
    rows += [(), (Piece(f" {heading}", "title"),)]
    rows += [_parameter(name, shape) for name, shape in shapes]
    try:
        text = script(scenario, command, seed)
    except NoScript:
        return rows
    said = tr("The script, which {command} -o FILE writes to a file", command=command)
    return [*rows, (), (Piece(f" {said}", "title"),), *_plain(text)]


def _parameter(name: str, shape: tuple[int, ...]) -> Row:
    size = " × ".join(map(str, shape))
    return (Piece(f"  {name:<{_NAME}}", "accent"), Piece(f"{size:>12}"), Piece(f"{prod(shape):>10}", "dim"))


def _plain(text: str) -> list[Row]:
    return [(Piece(f"  {line}"),) for line in text.splitlines()]
