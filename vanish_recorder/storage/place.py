"""A place in a watched run's log that can be found again after samples were taken out of the log."""

from collections.abc import Iterable

from vanish_recorder.storage.line_index import SAMPLE, THINNED, beginning_of, kind_of


class Place:
    """How far a log has been read: `pass_by` takes its lines one after the other.

    Thinning changes no line but samples and those that stand for them. So a place is the number of the other
    lines before it, and the step of the latest sample after the last of these.
    """

    def __init__(self) -> None:
        self._others = 0
        self._last_other = b""
        self._step = -1

    def pass_by(self, line: bytes) -> None:
        """This line was read."""
        step = _step_of_sample(line)
        if step is None:
            self._others += 1
            self._last_other, self._step = line, -1
        else:
            self._step = step

    def found_in(self, lines: Iterable[tuple[bytes, int]]) -> tuple[bytes, int] | None:
        """The last line before the same place in a thinned log, and the offset after it.

        Args:
            lines: of the log, each with the offset after it.

        Returns:
            None if it is no thinned form of the same log.
        """
        others, found = 0, None
        for line, end in lines:
            step = _step_of_sample(line)
            if others == self._others and (step is None or step > self._step):
                break
            if step is None:
                others += 1
                if others == self._others and line != self._last_other:
                    return None
            found = line, end
        return found if others == self._others and others else None


def _step_of_sample(line: bytes) -> int | None:
    """The step of a sample, or of a line that stands for samples; None for any other line."""
    begins = beginning_of(line)
    if begins is None or kind_of(begins.event) not in (SAMPLE, THINNED):
        return None
    return begins.step
