"""What the callbacks share: the recording of one training after the other."""

from collections.abc import Iterable, Mapping
from inspect import signature
from os import PathLike
from typing import Any, Literal, TypedDict

from vanish_recorder import Lab, watch


class Options(TypedDict, total=False):
    """What `watch` takes, for a callback."""

    name: str | None
    config: Any
    runs_dir: str | PathLike[str] | None
    layers: str | Iterable[str] | None
    every: int | Literal["auto"]
    budget: float
    activations: bool
    control: bool
    resume: bool
    quiet: bool


class Training:
    """Records the trainings that a framework's trainer makes, each from its beginning to its end.

    Args:
        options: for `watch`.

    Raises:
        TypeError: `watch` takes no such option.
    """

    def __init__(self, options: Options) -> None:
        signature(watch).bind(None, **options)
        self._options = options
        self.lab = Lab()
        self._evaluated: dict[str, Any] = {}  # the numbers of evaluations that were not logged yet

    def begin(
        self, model: Any, optimizers: Any, *, config: Any, adds_losses: bool, has_steps_behind_it: bool
    ) -> None:
        """A training begins. One that is still open has ended with an exception."""
        self.lab.close("failed")
        options: dict[str, Any] = {
            "config": config,
            "adds_losses": adds_losses,
            "resume": has_steps_behind_it,
            **self._options,
        }
        self._evaluated = {}
        self.lab = watch(model, optimizers, **options)

    def log(self, values: Mapping[str, Any]) -> None:
        """Log those that are numbers."""
        if numbers := numbers_in(values):
            self.lab.log(**numbers)

    def evaluated(self, values: Mapping[str, Any]) -> None:
        """Keep the numbers of an evaluation: at the end of an epoch, they are the epoch's."""
        self._evaluated.update(numbers_in(values))

    def continue_epoch(self) -> None:
        """The epoch continues: what was evaluated within it is logged with the next steps."""
        self.log(self._evaluated)
        self._evaluated = {}

    def end_epoch(self, values: Mapping[str, Any] | None = None) -> None:
        """An epoch ended. Its numbers are these, and those that were evaluated at its end."""
        self.lab.epoch(**{**self._evaluated, **numbers_in(values or {})})
        self._evaluated = {}

    def end(self, error: BaseException | None = None) -> None:
        """The training ended, perhaps with an exception."""
        self.lab.__exit__(type(error) if error else None, error, None)


def numbers_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those values that are a number, or a tensor with one."""
    return {
        str(name): value
        for name, value in values.items()
        if (isinstance(value, int | float) and not isinstance(value, bool)) or _is_one_number(value)
    }


def _is_one_number(value: Any) -> bool:
    numel = getattr(value, "numel", None)
    return callable(numel) and numel() == 1 and not value.is_complex()
