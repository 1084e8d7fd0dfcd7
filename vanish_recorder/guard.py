"""What keeps an error of the recorder away from the training."""

from collections.abc import Callable
from typing import Literal, ParamSpec, TypeVar

from vanish_recorder.protocol.failures import reason_of

Part = Literal[
    "weights", "steps", "activations", "histograms", "logged numbers", "control", "verdicts", "the log"
]
P = ParamSpec("P")
Result = TypeVar("Result")


class Guard:
    """Calls the recorder's functions. One that fails is never called again, and the training continues.

    Args:
        tell: is called once for each part that failed, with the part and the reason.
    """

    def __init__(self, tell: Callable[[Part, str], None]) -> None:
        self._tell = tell
        self.disabled: dict[Part, str] = {}

    def __call__(
        self, part: Part, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs
    ) -> Result | None:
        """What `work` returns; None if it failed, now or earlier. Ctrl+C passes through."""
        if part in self.disabled:
            return None
        try:
            return work(*args, **kwargs)
        except Exception as error:
            self.disable(part, reason_of(error))
            return None

    def disable(self, part: Part, reason: str) -> None:
        """Switch a part off."""
        if part in self.disabled:
            return
        self.disabled[part] = reason
        try:
            self._tell(part, reason)
        except Exception as error:
            self.disabled["the log"] = reason_of(error)
