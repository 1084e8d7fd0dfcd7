"""Reads the fields of a record: each is there and has its type, or an error says which one does not.

A key is dotted: `model.width` is the field `width` of the table `model`.
"""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vanish_recorder.protocol.event import Record

_LARGEST = 2**31  # number of layers, of epochs, or of images in a batch
_MISSING = object()


class NotARunSpec(ValueError):
    """A record that does not describe a run; its text is a clause that says why."""


def text(record: "Record", key: str, default: object = _MISSING) -> str:
    """A text; without a default, it must be there. NotARunSpec is raised here and below."""
    found = _value(record, key, default)
    if not isinstance(found, str):
        raise unusable(key)
    return found


def positive(record: "Record", key: str) -> int:
    """A whole number from 1 on."""
    found = _value(record, key)
    # True is an int, and no number of anything.
    if type(found) is not int or not 1 <= found < _LARGEST:
        raise unusable(key)
    return found


def number(record: "Record", key: str) -> float:
    """A finite number."""
    found = _value(record, key)
    if type(found) not in (int, float):
        raise unusable(key)
    try:
        converted = float(found)
    except OverflowError:  # a whole number of hundreds of digits
        raise unusable(key) from None
    if not math.isfinite(converted):
        raise unusable(key)
    return converted


def flag(record: "Record", key: str) -> bool:
    """Yes or no; no if it is not there."""
    found = _value(record, key, False)
    if not isinstance(found, bool):
        raise unusable(key)
    return found


def items(record: "Record", key: str) -> "list[Any] | tuple[Any, ...]":
    """The items of a list; none if there is no list."""
    found = _value(record, key, ())
    if not isinstance(found, list | tuple):
        raise unusable(key)
    return found


def whole_numbers(record: "Record", key: str) -> tuple[int, ...]:
    """The items of a list of whole numbers."""
    found = items(record, key)
    if not all(type(each) is int for each in found):
        raise unusable(key)
    return tuple(found)


def table(record: "Record", key: str) -> "Record":
    """A table."""
    found = _value(record, key)
    if not isinstance(found, dict):
        raise unusable(key)
    return found


def unusable(key: str) -> NotARunSpec:
    """The error about a field of the wrong type or size."""
    return NotARunSpec(f"the description has no usable {key}")


def _value(record: "Record", key: str, default: object = _MISSING) -> Any:
    *tables, last = key.split(".")
    inside = record
    for name in tables:
        inside = table(inside, name) if name in inside else {}
    found = inside.get(last, default)
    if found is _MISSING:
        raise NotARunSpec(f"the description has no {key}")
    return found
