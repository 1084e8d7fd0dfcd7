"""Conversion between an event and its line of JSON in a log.

Numbers that are not finite are written as the strings "nan", "inf" and "-inf", because JSON has no such
numbers. This file is longer than 300 lines because the format is complete here, with both conversions.
"""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, get_args

from vanish_recorder.protocol import watch_codec
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    InterventionKind,
    LayerSample,
    Paused,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
    VerdictChanged,
)
from vanish_recorder.protocol.json_text import is_unicode, parse
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.values import LIMITS, is_a, unusable
from vanish_recorder.protocol.watch_events import WATCH_EVENTS, WatchEvent

_TYPES: dict[str, type[RunEvent]] = {
    kind.event: kind
    for kind in (
        RunStarted,
        StageStarted,
        Sample,
        EpochFinished,
        Intervened,
        Paused,
        Resumed,
        VerdictChanged,
        RunFinished,
    )
}

KINDS = frozenset({*_TYPES, *WATCH_EVENTS})  # the names of all kinds, as in the log

# For each kind, the fields whose values can be checked with isinstance.
_PLAIN = {int, float, str, bool, NoneType}
_CHECKED: dict[type, dict[str, Any]] = {
    kind: {
        field.name: field.type
        for field in fields(kind)
        if set(get_args(field.type) if isinstance(field.type, UnionType) else [field.type]) <= _PLAIN
    }
    for kind in (*_TYPES.values(), LayerSample)
}

# The other fields, apart from `layers` and `status`, which are converted.
_SHAPES: dict[str, Callable[[Any], bool]] = {
    "scenario": lambda value: isinstance(value, dict),
    "data": lambda value: isinstance(value, dict),
    "versions": lambda value: isinstance(value, dict) and _are_texts(value.values()),
    "trainable": lambda value: isinstance(value, tuple) and _are_texts(value),
    "frozen": lambda value: isinstance(value, tuple) and _are_texts(value),
    "kind": lambda value: value in get_args(InterventionKind),
    "state": lambda value: value in ("began", "ended"),
    "evidence": lambda value: (
        isinstance(value, dict) and all(is_a(each, float | None) for each in value.values())
    ),
    "suggestions": lambda value: isinstance(value, tuple) and _are_texts(value),
    "nonfinite": lambda value: value is None or (isinstance(value, tuple) and _are_texts(value)),
}
_SHAPED = {
    kind: {
        field.name: _SHAPES[field.name]
        for field in fields(kind)
        if field.name in _SHAPES and field.name not in _CHECKED[kind]
    }
    for kind in _TYPES.values()
}

_LIMITED = {
    kind: {field.name: LIMITS[field.name] for field in fields(kind) if field.name in LIMITS}
    for kind in (*_TYPES.values(), LayerSample)
}
# Norms and shares, of which the diagnosis takes logarithms and roots. They may be nan or infinite.
_NEVER_NEGATIVE = tuple(name for name, quantity in QUANTITIES.items() if quantity.scale != "linear")
_LARGEST_VALUE = 2**31  # of what a user sets by hand

# `try` is the JSON key that programs rely on, but Python does not allow it as the name of a field.
_KEY_OF_FIELD = {"suggestions": "try"}
_FIELD_OF_KEY = {key: field for field, key in _KEY_OF_FIELD.items()}
_TEXT_FIELDS = frozenset(
    {"run", "scenario", "device", "data", "versions", "reason", "text", "cure", "page", "error", "traceback"}
)
_NOT_FINITE = frozenset({"nan", "inf", "-inf"})
_LINE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)


def to_record(event: RunEvent) -> Record:
    """The event as a JSON object for the log and `run --json`."""
    if isinstance(event, WatchEvent):
        return watch_codec.to_record(event)
    record: Record = {"event": event.event}
    for field in fields(event):
        record[_KEY_OF_FIELD.get(field.name, field.name)] = encoded(getattr(event, field.name))
    if isinstance(event, RunFinished):
        for optional in ("first_bad_step", "nonfinite", "error", "traceback", "reason"):
            if record[optional] is None:
                del record[optional]
    if isinstance(event, Sample):
        for optional in ("scale", "skipped"):
            if record[optional] is None:
                del record[optional]
    if isinstance(event, RunStarted) and event.budget_seconds is None:
        del record["budget_seconds"]
    if isinstance(event, VerdictChanged):
        for optional in ("cure", "page"):
            if not record[optional]:
                del record[optional]
    return record


def to_line(event: RunEvent) -> str:
    """The event as one line of JSON, without its newline."""
    line = _LINE.encode(to_record(event))
    # A file name may contain bytes that are not UTF-8. In a string they are characters without an encoding.
    return line if line.isascii() else line.encode(errors="replace").decode()


def from_record(record: Record) -> RunEvent | None:
    """Convert a JSON object to an event. Unknown fields, which a newer version may add, are ignored.

    Returns:
        None if the kind of event is unknown, because a newer version wrote it.

    Raises:
        TypeError: a field is missing, or its value has the wrong type.
        ValueError: a field has a value that is not allowed.
    """
    if record.get("event") in WATCH_EVENTS:
        return watch_codec.from_record(record)
    kind = _TYPES.get(record.get("event", ""))
    if kind is None:
        return None
    known = {field.name for field in fields(kind)}
    values: Record = {}
    for key, value in record.items():
        name = _FIELD_OF_KEY.get(key, key)
        if name in known:
            values[name] = value if name in _TEXT_FIELDS else _decode(value)
    if "layers" in values:
        values["layers"] = tuple(map(_layer, values["layers"]))
    if "status" in values:
        values["status"] = Status(values["status"])
    _check(kind, values)
    _check_shapes(kind, values)
    return kind(**values)


def _layer(record: Any) -> LayerSample:
    if not isinstance(record, dict):
        raise TypeError("a layer is not a JSON object")
    values = {key: value for key, value in record.items() if key in _CHECKED[LayerSample]}
    _check(LayerSample, values)
    for name in _NEVER_NEGATIVE:
        if (value := values.get(name)) is not None and value < 0:
            raise unusable(ValueError, name, value)
    return LayerSample(**values)


def _check(kind: type, values: Record) -> None:
    for name, expected in _CHECKED[kind].items():
        if name in values and not is_a(values[name], expected):
            raise unusable(TypeError, name, values[name])
    for name, (low, high) in _LIMITED[kind].items():
        value = values.get(name)
        # Written so that nan is refused.
        if value is not None and not low <= value <= high:
            raise unusable(ValueError, name, value)


def _check_shapes(kind: type, values: Record) -> None:
    for name, is_shaped in _SHAPED[kind].items():
        if name in values and not is_shaped(values[name]):
            raise unusable(TypeError, name, values[name])
    if kind is Intervened:
        _check_intervention(values)


def _check_intervention(values: Record) -> None:
    """Check that it can be repeated: a resume must not guess what the user has set."""
    value = values.get("value")
    if values.get("kind") in ("lr", "epochs") and (value is None or not 0 <= value <= _LARGEST_VALUE):
        raise unusable(ValueError, "value", value)
    if values.get("kind") in ("freeze", "unfreeze") and values.get("layer") is None:
        raise unusable(ValueError, "layer", None)


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def from_line(line: str | bytes) -> RunEvent | None:
    """Convert one line of a log to an event; see from_record.

    Raises:
        ValueError: the line is not a JSON object, or a field has a value that is not allowed.
        TypeError: a field is missing, or its value has the wrong type.
    """
    record = parse(line)
    if not isinstance(record, dict):
        raise ValueError("a log line must be one JSON object")
    if not is_unicode(line if isinstance(line, bytes) else line.encode(errors="surrogatepass"), record):
        raise ValueError("a text is not Unicode")
    return from_record(record)


def encoded(value: Any) -> Any:
    """Convert a value for JSON: numbers that are not finite to strings, layers to objects."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, LayerSample):
        record = {field.name: encoded(getattr(value, field.name)) for field in fields(value)}
        for optional in ("underflow", "always_zero"):
            if record[optional] is None:
                del record[optional]
        return record
    if isinstance(value, tuple | list):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        return {key: encoded(item) for key, item in value.items()}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, str):
        return float(value) if value in _NOT_FINITE else value
    if isinstance(value, list):
        return tuple(_decode(item) for item in value)
    if isinstance(value, dict):
        return {key: _decode(item) for key, item in value.items()}
    return value
