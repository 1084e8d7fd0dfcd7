"""Conversion between an event of a watched run and its line of JSON.

Numbers are written with 6 significant digits, because a log of 100 000 steps and 150 tensors must stay small.
What is read is checked completely: what a screen gets is what the recorder can have written.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from types import NoneType
from typing import Any, cast, get_args

from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.structure import (
    STATES,
    BlockRole,
    BlockSpec,
    OptimizerSpec,
    TensorRole,
    TensorSpec,
)
from vanish_recorder.protocol.values import LARGEST_INTEGER, LIMITS, is_a, unusable
from vanish_recorder.protocol.watch_events import (
    WATCH_EVENTS,
    EpochLogged,
    HistogramsTaken,
    Measured,
    StructureFound,
    Thinned,
    WatchEvent,
    WatchStarted,
)

_DIGITS = ".6g"
_SPECS: dict[str, type] = {"blocks": BlockSpec, "tensors": TensorSpec, "optimizers": OptimizerSpec}
_EXACT = ("run", "step", "epoch", "stage", "time", "times")


def to_record(event: WatchEvent) -> Record:
    """The event as a JSON object. Fields with their default values are left out."""
    record: Record = {"event": event.event}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name in _EXACT:  # a time as it is: rounded up, it would be later than the next event's
            record[field.name] = list(value) if isinstance(value, tuple) else value
        elif _is_required(field) or value not in ((), {}, "", None, 0, 0.0):
            record[field.name] = _rows(value) if isinstance(event, StructureFound) else _encoded(value)
    return record


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _rows(value: Any) -> Any:
    """The specs of a structure as objects without their default values."""
    if isinstance(value, tuple):
        return [
            {
                field.name: list(each) if isinstance(each := getattr(spec, field.name), tuple) else each
                for field in fields(spec)
                if getattr(spec, field.name) != field.default
            }
            for spec in value
        ]
    return _encoded(value)


def _encoded(value: Any) -> Any:
    if isinstance(value, float):
        if math.isfinite(value):
            return float(format(value, _DIGITS))
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, tuple | list):
        return _rounded(value)
    if isinstance(value, Mapping):
        return {key: _encoded(each) for key, each in value.items()}
    return value


def _rounded(values: Sequence[Any]) -> list[Any]:
    """A column. Most of a sample is columns of finite numbers, which are rounded all at once."""
    if set(map(type, values)) == {float} and math.isfinite(sum(values)):
        return list(map(float, (f"%{_DIGITS} " * len(values) % (*values,)).split()))
    return [_encoded(each) for each in values]


def from_record(record: Record) -> WatchEvent:
    """The event from a JSON object whose `event` is in WATCH_EVENTS. Unknown fields are ignored.

    Raises:
        TypeError: a field is missing, or its value has the wrong type.
        ValueError: a field has a value that is not allowed.
    """
    kind = WATCH_EVENTS[record["event"]]
    readers = _READERS[kind]
    values = {key: readers[key](key, value) for key, value in record.items() if key in readers}
    event = kind(**values)
    if isinstance(event, StructureFound):
        _check_structure(event)
    elif isinstance(event, Thinned):
        _check_thinned(event)
    return event


def _check_structure(event: StructureFound) -> None:
    for tensor in event.tensors:
        beyond = len(event.blocks) or math.inf  # without activations there are no blocks
        if tensor.block is not None and not 0 <= tensor.block < beyond:
            raise unusable(ValueError, "block", tensor.block)


def _check_thinned(event: Thinned) -> None:
    lengths = {len(event.times), *map(len, event.logged.values())}
    if not lengths <= {len(event.steps)}:
        raise ValueError("steps, times and logged numbers have different lengths")
    if any(now >= after for now, after in pairwise((*event.steps, event.step + 1))):
        raise ValueError("steps are out of order")
    if not all(now <= after for now, after in pairwise((0.0, *event.times, event.time))):
        raise ValueError("times are out of order")


Reader = Callable[[str, Any], Any]  # (name of the field, value from JSON) -> value of the field


def _plain(kind: Any) -> Reader:
    """A text, a number, true or false."""

    def read(name: str, value: Any) -> Any:
        if value in _NOT_FINITE and is_a(0.0, kind):
            value = float(value)
        if not is_a(value, kind):
            raise unusable(TypeError, name, value)
        # Written so that nan is refused.
        if name in LIMITS and value is not None and not LIMITS[name][0] <= value <= LIMITS[name][1]:
            raise unusable(ValueError, name, value)
        return value

    return read


def _one_of(allowed: Collection[str]) -> Reader:
    def read(name: str, value: Any) -> Any:
        if not isinstance(value, str) or value not in allowed:
            raise unusable(ValueError, name, value)
        return value

    return read


def _list(each: Reader) -> Reader:
    def read(name: str, value: Any) -> Any:
        if not isinstance(value, list):
            raise unusable(TypeError, name, value)
        return tuple(each(name, item) for item in value)

    return read


def _table(each: Reader) -> Reader:
    """A JSON object whose keys are names."""

    def read(name: str, value: Any) -> Any:
        if not isinstance(value, dict):
            raise unusable(TypeError, name, value)
        return {key: each(key, item) for key, item in value.items()}

    return read


def _object(spec: type) -> Reader:
    """A block, a tensor or an optimizer."""
    readers = _readers_of(spec)

    def read(name: str, value: Any) -> Any:
        if not isinstance(value, dict):
            raise unusable(TypeError, name, value)
        return spec(**{key: readers[key](key, item) for key, item in value.items() if key in readers})

    return read


def _column(name: str, value: Any) -> tuple[float | None, ...]:
    """Numbers, or None where there is none. This is most of a log, so it is quick for usual columns."""
    if not isinstance(value, list):
        raise unusable(TypeError, name, value)
    kinds = set(map(type, value))
    if not kinds <= _IN_COLUMNS:
        raise TypeError(f"{name} has a value that is not a number")
    if str in kinds or int in kinds:
        value = [each if type(each) is float or each is None else _number(name, each) for each in value]
    return tuple(value)


def _quantity(name: str, value: Any) -> tuple[float | None, ...]:
    """The values of one quantity. A name that this version does not know, a newer one may have written."""
    column = _column(name, value)
    if name in _NEVER_NEGATIVE:
        known = [each for each in column if each is not None]
        low, high = 0.0, 1.0 if name in _SHARES else math.inf
        # A sum that is not finite may hide a nan, with which min and max say nothing.
        if known and not (math.isfinite(sum(known)) and low <= min(known) and max(known) <= high):
            for each in known:
                if each < low or each > high:
                    raise unusable(ValueError, name, each)
    return column


def _number(name: str, value: Any) -> float:
    number = float(value) if value in _NOT_FINITE else value
    if not is_a(number, float):
        raise unusable(TypeError, name, value)
    return float(number)


def _all_numbers(name: str, value: Any) -> tuple[float, ...]:
    column = _column(name, value)
    if None in column:
        raise unusable(TypeError, name, None)
    return cast(tuple[float, ...], column)


def _states(name: str, value: Any) -> str:
    if not isinstance(value, str) or not set(value) <= set(STATES):
        raise ValueError("states has an unknown letter")
    return value


def _any(name: str, value: Any) -> Any:
    return value


def _size(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value < LARGEST_INTEGER:
        raise unusable(ValueError, name, value)
    return value


def _readers_of(kind: type) -> dict[str, Reader]:
    """How each field of an event or a spec is read."""
    return {
        field.name: _SPECIAL[kind, field.name] if (kind, field.name) in _SPECIAL else _plain(field.type)
        for field in fields(kind)
    }


_IN_COLUMNS = {float, int, str, NoneType}
_NOT_FINITE = ("nan", "inf", "-inf")
_SHARES = {"underflow", *(name for name, quantity in QUANTITIES.items() if quantity.scale == "unit")}
# Norms and shares, of which logarithms are taken. They may be nan or infinite.
_NEVER_NEGATIVE = {
    "grad_rms",
    *_SHARES,
    *(name for name, quantity in QUANTITIES.items() if quantity.scale != "linear"),
}
_TEXT = _plain(str)
_SPECIAL: dict[tuple[type, str], Reader] = {
    (BlockSpec, "role"): _one_of(get_args(BlockRole)),
    (TensorSpec, "shape"): _list(_size),
    (TensorSpec, "role"): _one_of(get_args(TensorRole)),
    (TensorSpec, "also"): _list(_TEXT),
    (WatchStarted, "watched"): _table(_any),
    (Measured, "logged"): _table(_number),
    (Measured, "blocks"): _table(_quantity),
    (Measured, "tensors"): _table(_quantity),
    (Measured, "states"): _states,
    (Measured, "lr"): _column,
    (Measured, "over_time"): _table(_all_numbers),
    (Thinned, "steps"): _list(_size),
    (Thinned, "times"): _all_numbers,
    (Thinned, "logged"): _table(_column),
    (EpochLogged, "logged"): _table(_number),
    (HistogramsTaken, "histograms"): _table(_all_numbers),
    (StructureFound, "left_out"): _table(_TEXT),
}
_SPECIAL |= {(StructureFound, name): _list(_object(spec)) for name, spec in _SPECS.items()}
_READERS = {kind: _readers_of(kind) for kind in WATCH_EVENTS.values()}
