"""Writes TensorBoard event files without TensorBoard: one scalar per value, in its record format.

A file is a sequence of records. Each has a length (8 bytes), its checksum, an `Event` protocol buffer, and
its checksum (tensorflow/core/lib/io/record_writer.cc, tensorflow/core/util/event.proto). The checksums are
masked CRC-32C.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from engine.export.watched_rows import WatchedRows
from vanish_recorder.protocol.events import EpochFinished, LayerSample, RunEvent, Sample
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.watch_events import EpochLogged, Measured, Thinned, WatchEvent

_EPOCH_TAGS = {
    f"{data}_{quantity}": f"{quantity}/{data}"
    for data in ("train", "test")
    for quantity in ("loss", "accuracy")
}
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_WALL_TIME, _STEP, _FILE_VERSION, _SUMMARY = 1, 2, 3, 5  # fields of Event
_VALUE = 1  # of Summary
_TAG, _SIMPLE_VALUE = 1, 2  # of Summary.Value
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types


def write_events(file: BinaryIO, events: Iterable[RunEvent], began: float) -> None:
    """Write the samples and epochs of a run.

    Args:
        file: to write to.
        events: of the run.
        began: the start of the run in seconds since 1970. The time of an event is `began` plus its training
            time, so that TensorBoard's relative time is the training time.
    """
    _write_record(file, _double(_WALL_TIME, began) + _bytes(_FILE_VERSION, b"brain.Event:2"))
    watched = WatchedRows()
    for event in events:
        watched.follow(event)
        for step, time, scalars in _points(event, watched):
            if scalars:
                head = _double(_WALL_TIME, began + time) + _key(_STEP, _VARINT) + _varint(step)
                _write_record(file, head + _bytes(_SUMMARY, _summary(scalars)))


def _points(event: RunEvent, watched: WatchedRows) -> Iterator[tuple[int, float, dict[str, float]]]:
    """Step, time and numbers: one point for an event, except for samples that were taken out."""
    if isinstance(event, Thinned):
        for step, time, logged in event.rows():
            yield step, time, dict(_logged(logged))
    else:
        scalars = _of_watched(event, watched) if isinstance(event, WatchEvent) else _scalars(event)
        yield event.step, event.time, dict(scalars)


def _logged(numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for name, value in numbers.items():
        yield {"loss": "loss/batch", "lr": "lr"}.get(name, f"logged/{name}"), value


def _scalars(event: RunEvent) -> Iterator[tuple[str, float]]:
    match event:
        case Sample():
            yield "loss/batch", event.loss
            yield "accuracy/batch", event.accuracy
            yield "lr", event.lr
            if event.scale is not None and event.skipped is not None:
                yield "loss_scale", event.scale
                yield "skipped_steps", event.skipped
            for layer in event.layers:
                yield from _of_layer(layer)
        case EpochFinished():
            yield "loss/train", event.train_loss
            yield "loss/test", event.test_loss
            yield "accuracy/train", event.train_accuracy
            yield "accuracy/test", event.test_accuracy


def _of_layer(layer: LayerSample) -> Iterator[tuple[str, float]]:
    for quantity in QUANTITIES.values():
        value = layer.value(quantity)
        if value is not None:
            yield f"{quantity.name}/{layer.name}", value


def _of_watched(event: RunEvent, rows: WatchedRows) -> Iterator[tuple[str, float]]:
    match event:
        case Measured():
            yield from _logged(event.logged)
            for layer, _ in rows.of(event):
                yield from _of_layer(layer)
        case EpochLogged():
            for name, value in event.logged.items():
                yield _EPOCH_TAGS.get(name, f"epoch/{name}"), value


def _summary(scalars: Mapping[str, float]) -> bytes:
    return b"".join(
        _bytes(_VALUE, _bytes(_TAG, tag.encode()) + _key(_SIMPLE_VALUE, _FIXED32) + _float(value))
        for tag, value in scalars.items()
    )


def _write_record(file: BinaryIO, content: bytes) -> None:
    length = struct.pack("<Q", len(content))
    file.write(length + _checksum(length) + content + _checksum(content))


def _checksum(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(content: bytes) -> int:
    """CRC-32 with Castagnoli's polynomial (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _table_entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = tuple(map(_table_entry, range(256)))


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _bytes(field: int, content: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(content)) + content


def _double(field: int, value: float) -> bytes:
    return _key(field, _FIXED64) + struct.pack("<d", value)


def _float(value: float) -> bytes:
    """A float32. Beyond its range it is infinite, as it would be in a tensor."""
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return struct.pack("<f", float("inf") if value > 0 else float("-inf"))
