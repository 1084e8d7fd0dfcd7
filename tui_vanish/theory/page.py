"""What a theory page is: knobs, and a body drawn from their values."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from scenarios.theory import PageText, page_text
from tui_vanish.theory.sheet import Sheet

T = TypeVar("T")
Work = Callable[[Callable[[], bool]], None]


class Knob(Generic[T]):
    """One of several values, chosen by key.

    Args:
        name: on the screen, a word or a formula's letter.
        values: to choose from.
        at: the value to begin with.
        label: how a value is shown.
        around: whether the first value comes after the last one.
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
        """The value chosen."""
        return self._values[self._place]

    @property
    def shown(self) -> str:
        """The value as it is shown."""
        return self._label(self.value)

    @property
    def at_end(self) -> tuple[bool, bool]:
        """Whether there is no value before, and none after."""
        if self._around:
            return False, False
        return self._place == 0, self._place == len(self._values) - 1

    def turn(self, by: int) -> None:
        """Choose the value `by` places on."""
        place = self._place + by
        last = len(self._values) - 1
        self._place = place % len(self._values) if self._around else max(0, min(place, last))

    def set(self, value: T) -> None:
        """Choose one of the values."""
        self._place = self._values.index(value)


def number(value: float, digits: int = 3) -> str:
    """A number in a text or on a knob, as short as it can be: `0.05`, `6.1e-5`, `10`."""
    mantissa, e, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


class Page:
    """Base of the theory pages. A page holds no widgets: it says what is to be drawn and what keys change.

    `draw` is called for every frame and has to be quick. What takes longer is given by `work`, is done in a
    thread, and leaves its results in the page.
    """

    id: str
    step_label = ""  # what enter does here; none does nothing
    run_label = ""  # what space starts and stops

    def __init__(self) -> None:
        self.text: PageText = page_text(self.id)

    def knobs(self) -> Sequence[Knob[Any]]:
        """The knobs that do something at present."""
        raise NotImplementedError

    def fit(self, width: int, height: int) -> None:
        """Hear how large the page is about to be drawn, knobs included; some knobs depend on it."""

    def draw(self, sheet: Sheet) -> None:
        """Draw the body for the knobs' present values."""
        raise NotImplementedError

    def step(self) -> bool:
        """Go a step; False if there is none left."""
        return False

    def go_on(self) -> bool:
        """What happens ten times a second while the page runs; False if nothing is left to happen."""
        return self.step()

    def restart(self) -> None:
        """Go back to before the first step."""

    def work(self) -> Work | None:
        """What has to be computed in a thread before the page is complete; None if nothing has.

        It is called with a function that says whether nobody waits for it any more.
        """
        return None

    def words(self, name: str, **numbers: str) -> str:
        """One of the page's texts, with numbers put in."""
        return self.text.words[name].format(**numbers)
