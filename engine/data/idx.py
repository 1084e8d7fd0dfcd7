"""The IDX format of the MNIST family: a big-endian header, then unsigned bytes. Files may be gzipped."""

import gzip
import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"
_DEFLATE_LIMIT = 1032  # the largest factor by which deflate can compress


class DataError(Exception):
    """A data set cannot be found or read. The text names the path, what was expected and what was found."""


def read_shape(path: Path, dimensions: int) -> tuple[int, ...]:
    """Read the sizes in the header of an IDX file. Its body is read only if the length is wrong.

    Args:
        path: of the file. Its first bytes, not its name, decide whether it is gzipped.
        dimensions: how many there must be: 3 for images (count, rows, columns), 1 for labels.

    Returns:
        The size of each dimension.

    Raises:
        DataError: there is no such IDX file, or its length differs from what its header says.
    """
    with _open(path) as file:
        shape = _read_header(path, file, dimensions)
        is_whole = _length(path) == _header_size(dimensions) + _count(shape)
    if not is_whole:
        read(path, dimensions)  # raises, unless the file has several gzip parts: then its length is right
    return shape


def read(path: Path, dimensions: int) -> tuple[tuple[int, ...], bytearray]:
    """Read an IDX file; see read_shape.

    Returns:
        (the size of each dimension; the values, one unsigned byte each, the last dimension fastest).

    Raises:
        DataError: there is no such IDX file, or its length differs from what its header says.
    """
    with _open(path) as file:
        shape = _read_header(path, file, dimensions)
        body = bytearray(_count(shape))
        view, filled = memoryview(body), 0
        while filled < len(body) and (got := file.readinto(view[filled:])):
            filled += got
        if filled < len(body) or file.read(1):
            found = f"{filled} bytes" if filled < len(body) else "more"
            raise DataError(f"{path}: expected {_promise(shape)} after the header, found {found}")
    return shape, body


def encode(shape: tuple[int, ...], body: bytes) -> bytes:
    """The content of an IDX file with these values, not gzipped.

    Args:
        shape: the size of each dimension.
        body: the values, one unsigned byte each.
    """
    return struct.pack(f">I{len(shape)}I", _magic(len(shape)), *shape) + body


@contextmanager
def _open(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file for reading, unzipped. Errors inside the block become a DataError."""
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            if zipped:
                with gzip.GzipFile(fileobj=raw) as unzipped:
                    yield unzipped
            else:
                yield raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: expected a whole gzip file, found a damaged one ({error})") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _length(path: Path) -> int:
    """The unzipped length in bytes: the file's size, or what the last bytes of a gzip file say."""
    with path.open("rb") as raw:
        zipped = raw.read(2) == _GZIP_MAGIC
        size = raw.seek(0, os.SEEK_END)
        if not zipped:
            return size
        raw.seek(-4, os.SEEK_END)
        return int.from_bytes(raw.read(), "little")


def _read_header(path: Path, file: io.BufferedIOBase, dimensions: int) -> tuple[int, ...]:
    size = _header_size(dimensions)
    header = file.read(size)
    expected = _magic(dimensions)
    if len(header) >= 4 and (found := int.from_bytes(header[:4])) != expected:
        raise DataError(
            f"{path}: expected an IDX file of {_kind(dimensions)} (magic number {expected}), found {found}"
        )
    if len(header) < size:
        raise DataError(f"{path}: expected an IDX header of {size} bytes, found {len(header)} bytes")
    shape = struct.unpack(f">{dimensions}I", header[4:])
    on_disk = path.stat().st_size
    # Checked before memory is allocated, because a damaged count may claim terabytes.
    if _count(shape) > on_disk * _DEFLATE_LIMIT:
        raise DataError(f"{path}: expected {_promise(shape)}, found a file of {on_disk} bytes")
    return shape


def _header_size(dimensions: int) -> int:
    return 4 * (1 + dimensions)  # the magic number, and each size


def _magic(dimensions: int) -> int:
    return 0x0800 | dimensions  # 08: unsigned bytes


def _kind(dimensions: int) -> str:
    return "images" if dimensions == 3 else "labels"


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _promise(shape: tuple[int, ...]) -> str:
    return f"{_count(shape)} bytes ({'×'.join(map(str, shape))})"
