"""What the engine says: plain frozen dataclasses, named in the past tense.

An event is one line of a run's log and of `run --json`; `to_record` and `from_record` are the two ways
between the dataclass and that line. Numbers that are not finite travel as the strings "nan", "inf" and
"-inf", because JSON has none of them.
"""

import json
import math
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, get_args

from engine.protocol.status import Status

SCHEMA = 1

Record = dict[str, Any]
InterventionKind = Literal["lr", "freeze", "unfreeze", "next_stage", "epochs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSample:
    """What was measured at one layer in one step. None: it doesn't apply, or nobody computed it.

    The forward values and the gradients are from before the update, `update_ratio` and `unmoved` say
    what the update did. See engine.measure.quantities for each definition.
    """

    name: str
    grad_norm: float | None = None
    delta_norm: float | None = None
    update_ratio: float | None = None
    unmoved: float | None = None
    weight_norm: float | None = None
    activation_mean: float | None = None
    activation_std: float | None = None
    sample_std: float | None = None
    saturated: float | None = None
    inactive: float | None = None
    dead: float | None = None
    frozen: bool = False


# The names of the quantities, in the order of the table in the documentation.
QUANTITIES = tuple(field.name for field in fields(LayerSample) if field.name not in ("name", "frozen"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every line of the log says.

    Attributes:
        run: the run's name.
        step: of the run, from 1; 0 where nothing has begun.
        epoch: of the run, from 1; 0 where nothing has begun.
        stage: from 1; 0 where nothing has begun.
        time: the run's own training seconds, without pauses and evaluation, summed over resumes.
    """

    event: ClassVar[str]
    run: str
    step: int
    epoch: int
    stage: int
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The run's first line: everything that decides its numbers.

    `data` has `name`, `source`, `train`, `test`; `steps_per_epoch` and `stages` say how long it will be.
    """

    event: ClassVar[str] = "run_started"
    schema: int
    scenario: Record
    seed: int
    device: str
    threads: int
    data: Record
    versions: dict[str, str]
    parameters: int
    steps_per_epoch: int
    stages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStarted(Event):
    """A stage began; the layers it holds, by name."""

    event: ClassVar[str] = "stage_started"
    trainable: tuple[str, ...]
    frozen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Event):
    """One measured step. `loss` and `accuracy` are the batch's, before the update."""

    event: ClassVar[str] = "sample"
    loss: float
    accuracy: float
    lr: float
    layers: tuple[LayerSample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFinished(Event):
    """`train_*` are averages over the epoch's batches as they were trained."""

    event: ClassVar[str] = "epoch_finished"
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float
    evaluation_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervened(Event):
    """The run was changed by hand: from here on it is not the scenario's run any more."""

    event: ClassVar[str] = "intervention"
    kind: InterventionKind
    layer: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    """The run stands still."""

    event: ClassVar[str] = "paused"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The run goes on."""

    event: ClassVar[str] = "resumed"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChanged(Event):
    """A finding began or ended. `evidence` holds the numbers it rests on, `suggestions` scenario ids."""

    event: ClassVar[str] = "verdict"
    state: Literal["began", "ended"]
    kind: str
    layer: str | None
    since_step: int
    evidence: dict[str, float | None]
    text: str
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run ended.

    `first_bad_step` and `nonfinite` (layer names) belong to a diverged run, `error` (one sentence) and
    `traceback` to a failed one.
    """

    event: ClassVar[str] = "run_finished"
    status: Status
    epochs: int
    steps: int
    test_loss: float | None
    test_accuracy: float | None
    best_test_accuracy: float | None
    seconds: float
    weights_sha256: str | None
    first_bad_step: int | None = None
    nonfinite: tuple[str, ...] | None = None
    error: str | None = None
    traceback: str | None = None


RunEvent = (
    RunStarted
    | StageStarted
    | Sample
    | EpochFinished
    | Intervened
    | Paused
    | Resumed
    | VerdictChanged
    | RunFinished
)

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

# Of each kind the fields whose type a value can simply be held against.
_PLAIN = {int, float, str, bool, NoneType}
_CHECKED: dict[type, dict[str, Any]] = {
    kind: {
        field.name: field.type
        for field in fields(kind)
        if set(get_args(field.type) if isinstance(field.type, UnionType) else [field.type]) <= _PLAIN
    }
    for kind in (*_TYPES.values(), LayerSample)
}

# `try` is the JSON key that programs rely on, and no name that Python lets a field have.
_KEY_OF_FIELD = {"suggestions": "try"}
_FIELD_OF_KEY = {key: field for field, key in _KEY_OF_FIELD.items()}
_TEXT_FIELDS = frozenset(
    {"run", "scenario", "device", "data", "versions", "reason", "text", "error", "traceback"}
)
_NOT_FINITE = frozenset({"nan", "inf", "-inf"})


def to_record(event: RunEvent) -> Record:
    """The event as the JSON object that the log and `run --json` hold."""
    record: Record = {"event": event.event}
    for field in fields(event):
        record[_KEY_OF_FIELD.get(field.name, field.name)] = encoded(getattr(event, field.name))
    if isinstance(event, RunFinished):
        for optional in ("first_bad_step", "nonfinite", "error", "traceback"):
            if record[optional] is None:
                del record[optional]
    return record


def to_line(event: RunEvent) -> str:
    """The event as one line of JSON, without its newline."""
    line = json.dumps(to_record(event), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # The name of a file need not be UTF-8, and what stands for its other bytes can't be written.
    return line if line.isascii() else line.encode(errors="replace").decode()


def from_record(record: Record) -> RunEvent | None:
    """The event that `record` holds, or None if its kind is not known here (a newer version wrote it).

    Fields that a newer version added are passed over.

    Raises:
        TypeError: a field is missing, or holds what can't be its value.
        ValueError: likewise.
    """
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
    return kind(**values)


def _layer(record: Any) -> LayerSample:
    if not isinstance(record, dict):
        raise TypeError("a layer is no JSON object")
    values = {key: value for key, value in record.items() if key in _CHECKED[LayerSample]}
    _check(LayerSample, values)
    return LayerSample(**values)


def _check(kind: type, values: Record) -> None:
    for name, expected in _CHECKED[kind].items():
        if name in values and not is_a(values[name], expected):
            raise TypeError(f"{name} cannot be {values[name]!r}")


def is_a(value: Any, kind: Any) -> bool:
    """Whether a value out of a JSON file may stand where `kind` (a type, or several) is expected."""
    if type(value) is int:
        return isinstance(value, kind) or isinstance(0.0, kind)
    return isinstance(value, kind)


def from_line(line: str | bytes) -> RunEvent | None:
    """The event that one line of a log holds; see from_record.

    Raises:
        ValueError: the line is not a JSON object, or a field holds what can't be its value.
        TypeError: a field is missing, or likewise.
    """
    record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError("a log line holds one JSON object")
    return from_record(record)


def encoded(value: Any) -> Any:
    """`value` as JSON has it: numbers that are not finite as strings, dataclasses as objects."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, LayerSample):
        return {field.name: encoded(getattr(value, field.name)) for field in fields(value)}
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
