"""The training time of a run, and the part of it that measuring takes."""

from time import perf_counter


class Clock:
    """Tells measuring apart from training.

    Args:
        first_time: seconds that the run has trained before.
    """

    def __init__(self, first_time: float) -> None:
        self._first_time = first_time
        self._started = self._entered = self._round_began = perf_counter()
        self._pauses = 0.0
        self._cost = 0.0  # seconds of measuring in this round
        self._cost_before = 0.0  # in the rounds since the latest sample

    @property
    def time(self) -> float:
        """The training time of the run in seconds, without pauses."""
        return self._first_time + max(0.0, perf_counter() - self._started - self._pauses)

    @property
    def cost_since_sample(self) -> float:
        """Seconds of measuring since the latest sample, until the latest `settle`."""
        return self._cost_before + self._cost

    def enter(self) -> None:
        """The recorder is called: from now on it measures."""
        self._entered = perf_counter()

    def settle(self) -> None:
        """Count the time since the recorder was called as measuring."""
        now = perf_counter()
        self._cost += now - self._entered
        self._entered = now

    def add(self, seconds: float) -> None:
        """Count time as measuring that passed inside the script's own calls."""
        self._cost += seconds

    def end_round(self, *, sampled: bool) -> tuple[float, float]:
        """A round ended.

        Args:
            sampled: whether it was measured.

        Returns:
            The seconds of training in it, and those of measuring.
        """
        self.settle()
        cost, self._cost = self._cost, 0.0
        self._cost_before = 0.0 if sampled else self._cost_before + cost
        now = perf_counter()
        seconds = max(0.0, now - self._round_began - cost)
        self._round_began = now
        return seconds, cost

    def leave_out(self, began: float) -> None:
        """The time since `began` was a pause."""
        now = perf_counter()
        self._pauses += now - began
        self._round_began = self._entered = now
