"""Which values a field of an event can have, so that no reader of a log meets another one."""

from typing import Any

LARGEST_INTEGER = 2**63  # no number of anything is as large

# From where to where a number can be. A share and a time cannot be nan or infinite, a loss can.
_COUNT, _POSITIVE, _SHARE, _SECONDS = (0, 2**53), (1, 2**31), (0.0, 1.0), (0.0, 1e12)
LIMITS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("step", "epoch", "stage", "epochs", "steps", "since_step"), _COUNT),
    **dict.fromkeys(("steps_per_epoch", "stages"), _POSITIVE),
    **dict.fromkeys(
        ("always_zero", "accuracy", "train_accuracy", "test_accuracy", "best_test_accuracy"), _SHARE
    ),
    **dict.fromkeys(("time", "seconds", "evaluation_seconds", "budget_seconds"), _SECONDS),
    **dict.fromkeys(("parameters", "skipped", "samples", "backward_passes"), _COUNT),
    "span": (1, 2**53),
}


def is_a(value: Any, kind: Any) -> bool:
    """Whether a value from a JSON file is allowed where `kind` (one type, or several) is expected.

    An integer is also allowed for a float, because JSON does not distinguish them. One of more than 64 bits
    is not: arithmetic with floats would fail. True and false are no numbers.
    """
    if type(value) is bool:
        return kind is bool
    if type(value) is int:
        return abs(value) < LARGEST_INTEGER and (isinstance(value, kind) or isinstance(0.0, kind))
    return isinstance(value, kind)


def unusable(kind: type[Exception], name: str, value: Any) -> Exception:
    """The exception that says that a field cannot have a value."""
    text = repr(value)
    return kind(f"{name} cannot be {text if len(text) <= 40 else text[:39] + '…'}")
