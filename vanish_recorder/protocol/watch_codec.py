"""Conversion between an event of a watched run and its line of JSON.

Numbers are written with 6 significant digits, because a log of 100 000 steps and 150 tensors must stay small.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.structure import STATES, BlockSpec, OptimizerSpec, TensorSpec
from vanish_recorder.protocol.watch_events import (
    WATCH_EVENTS,
    Columns,
    EpochLogged,
    HistogramsTaken,
    Measured,
    StructureFound,
    WatchEvent,
)

_DIGITS = ".6g"
_SPECS: dict[str, type] = {"blocks": BlockSpec, "tensors": TensorSpec, "optimizers": OptimizerSpec}
_COMMON = ("run", "step", "epoch", "stage", "time")


def to_record(event: WatchEvent) -> Record:
    """The event as a JSON object. Fields with their default values are left out."""
    record: Record = {"event": event.event}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name in _COMMON:  # a time as it is: rounded up, it would be later than the next event's
            record[field.name] = value
        elif value not in ((), {}, "", None, 0, 0.0):
            record[field.name] = _rows(value) if isinstance(event, StructureFound) else _encoded(value)
    return record


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
        return [_encoded(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _encoded(each) for key, each in value.items()}
    return value


def from_record(record: Record) -> WatchEvent:
    """The event from a JSON object whose `event` is in WATCH_EVENTS. Unknown fields are ignored.

    Raises:
        TypeError: a field is missing, or its value has the wrong type.
        ValueError: a field has a value that is not allowed.
    """
    kind = WATCH_EVENTS[record["event"]]
    known = {field.name for field in fields(kind)}
    values = {key: value for key, value in record.items() if key in known}
    if kind is StructureFound:
        for name, spec in _SPECS.items():
            values[name] = tuple(_spec(spec, row) for row in values.get(name, ()))
    if kind is Measured:
        for name in ("blocks", "tensors"):
            values[name] = _columns(values.get(name, {}))
        values["over_time"] = _columns(values.get("over_time", {}))
        values["lr"] = _numbers(values.get("lr", ()))
        if not set(values.get("states", "")) <= set(STATES):
            raise ValueError("states has an unknown letter")
    if kind in (Measured, EpochLogged):
        values["logged"] = _named_numbers(values.get("logged", {}))
    if kind is HistogramsTaken:
        values["histograms"] = _columns(values.get("histograms", {}))
    return kind(**values)


def _spec(spec: type, row: Any) -> Any:
    if not isinstance(row, dict):
        raise TypeError("a block or tensor is not a JSON object")
    known = {field.name for field in fields(spec)}
    return spec(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k in known})


def _columns(table: Any) -> Columns:
    if not isinstance(table, dict):
        raise TypeError("columns are not a JSON object")
    return {str(name): _numbers(column) for name, column in table.items()}


def _named_numbers(table: Any) -> dict[str, float]:
    if not isinstance(table, dict):
        raise TypeError("logged numbers are not a JSON object")
    return {str(name): float(value) for name, value in table.items()}


def _numbers(column: Sequence[Any]) -> tuple[float | None, ...]:
    return tuple(float(value) if isinstance(value, str) else value for value in column)
