"""Plays a run: moves a cursor through the past by the clock, at a speed that the user chooses."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.timer import Timer

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
WHOLE_SECONDS = 30.0  # that the visible part of a run takes at speed 1
_FRAME = 0.2  # seconds between two moves
_LONGEST = 1.0  # seconds that one move may make up for: a run does not jump after a pause of the terminal


class Playback:
    """Moves a cursor a little, several times per second, until it is paused.

        playback = Playback(screen, move)
        playback.play(2.0)

    Args:
        node: has the timer.
        move: called with the part of what is visible that was played since the last call, such as 0.01. It
            returns whether there is more.
        clock: returns the time in seconds.
    """

    def __init__(
        self, node: "DOMNode", move: Callable[[float], bool], clock: Callable[[], float] = monotonic
    ) -> None:
        self._node, self._move, self.clock = node, move, clock
        self._timer: Timer | None = None
        self._before = 0.0
        self._speed = 1.0

    @property
    def speed(self) -> float | None:
        """The speed; None if it is paused."""
        return self._speed if self._timer is not None else None

    def play(self, speed: float | None = None) -> None:
        """Play at a speed, or at the last one; 1 plays what is visible in half a minute."""
        self._speed = self._speed if speed is None else speed
        if self._timer is None:
            self._before = self.clock()
            self._timer = self._node.set_interval(_FRAME, self._tick)

    def pause(self) -> None:
        """Stop where the cursor is."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def change_speed(self, by: int) -> None:
        """Take the next faster or slower one of SPEEDS."""
        place = min(max(0, SPEEDS.index(self._speed) + by), len(SPEEDS) - 1) if self._speed in SPEEDS else 2
        self._speed = SPEEDS[place]

    def advance(self, seconds: float) -> None:
        """Move by what is played in so many seconds."""
        if not self._move(min(seconds, _LONGEST) * self._speed / WHOLE_SECONDS):
            self.pause()

    def _tick(self) -> None:
        now = self.clock()
        seconds, self._before = now - self._before, now
        self.advance(seconds)
