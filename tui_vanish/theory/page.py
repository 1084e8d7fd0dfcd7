"""The base class of the theory pages: knobs, and a body drawn from their values."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from scenarios.theory import PageText, page_text
from tui_vanish.language import current, tr
from tui_vanish.theory.sheet import Sheet

_SMALL = 1e-3  # numbers below this are written with an exponent

T = TypeVar("T")
Work = Callable[[Callable[[], bool]], None]


class Knob(Generic[T]):
    """A setting of a page: one of several values, changed with the arrow keys.

    Args:
        name: the label on the screen, a word or a letter of the formula.
        values: to choose from.
        at: the initial value.
        label: turns a value into the text that is shown.
        around: whether the knob wraps around, from the last value to the first.
    """

    def __init__(
        self,
        name: str,
        values: Sequence[T],
        at: T,
        label: Callable[[T], str] = str,
        *,
        around: bool = False,
    ) -> None:
        self.name = name
        self._values = tuple(values)
        self._place = self._values.index(at)
        self._label = label
        self._around = around

    @property
    def value(self) -> T:
        """The chosen value."""
        return self._values[self._place]

    @property
    def shown(self) -> str:
        """The text shown for the chosen value."""
        return self._label(self.value)

    @property
    def at_end(self) -> tuple[bool, bool]:
        """Whether the knob cannot move back, and whether it cannot move forward."""
        if self._around:
            return False, False
        return self._place == 0, self._place == len(self._values) - 1

    def turn(self, by: int) -> None:
        """Move `by` values forward, or back if it is negative."""
        place = self._place + by
        last = len(self._values) - 1
        self._place = place % len(self._values) if self._around else max(0, min(place, last))

    def set(self, value: T) -> None:
        """Choose `value`, which must be one of the knob's values."""
        self._place = self._values.index(value)

    def set_shown(self, shown: str) -> bool:
        """Choose the value that is shown as this text; returns whether there is one."""
        labels = [self._label(value) for value in self._values]
        if shown in labels:
            self._place = labels.index(shown)
        return shown in labels


def number(value: float, digits: int = 3) -> str:
    """A number for a text or a knob, written as short as possible: `0.05`, `6.1e-5`, `10`.

    Numbers that stand below each other are written by `format.column` instead.
    """
    text = f"{value:.{digits}g}"
    if 0 < abs(float(text)) < _SMALL and "e" not in text:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def ratio(part: float, whole: float) -> str:
    """`part` relative to `whole`, as `number` writes it; if both are 0, the words "0 of 0"."""
    if whole == 0:
        return tr("0 of 0") if part == 0 else "inf"
    return number(part / whole)


class Page:
    """Base of the theory pages. A page holds no widgets: it draws on a sheet and responds to keys.

    `draw` is called for every frame and must be fast. Slow computations belong in `work`, which runs in a
    thread and stores its results in the page.
    """

    id: str
    step_label = ""  # what enter does on this page; empty if enter does nothing
    text_beside = True  # whether a wide screen shows the page's paragraphs beside its pictures
    run_label = ""  # what space starts and stops; empty if space does nothing

    @property
    def text(self) -> PageText:
        """The page's texts in the language in use."""
        return page_text(self.id, current())

    def knobs(self) -> Sequence[Knob[Any]]:
        """The knobs that have an effect with the current settings."""
        raise NotImplementedError

    def fit(self, width: int, height: int) -> None:
        """Adapt the knobs to the size of the page in cells; called before the page is drawn."""

    def draw(self, sheet: Sheet) -> None:
        """Draw the body for the current values of the knobs."""
        raise NotImplementedError

    def step(self) -> bool:
        """Go one step forward; False if this was the last one."""
        return False

    def advance(self) -> bool:
        """Advance the animation, ten times a second while the page runs; False when it has ended."""
        return self.step()

    def restart(self) -> None:
        """Return to the state before the first step."""

    def work(self) -> Work | None:
        """A function that computes in a thread what the page still lacks; None if nothing is missing.

        Its argument is a function that returns True once the result is no longer needed.
        """
        return None

    def words(self, name: str, **numbers: str) -> str:
        """One of the page's texts, with the numbers inserted."""
        return self.text.words[name].format(**numbers)
