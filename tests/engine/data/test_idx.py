import errno
import gzip
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from engine.data.idx import DataError, encode, read, read_shape

IMAGES = encode((3, 2, 2), bytes(range(12)))


@pytest.fixture(params=["plain", "gzipped"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(IMAGES) if request.param == "gzipped" else IMAGES)
    return path


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_header_and_bytes_come_back(path: Path) -> None:
    assert read_shape(path, 3) == (3, 2, 2)
    assert read(path, 3) == ((3, 2, 2), bytearray(range(12)))


def test_a_wrong_magic_number_is_reported_with_the_expected_one(path: Path) -> None:
    with pytest.raises(DataError, match=r"images: expected .* labels \(magic number 2049\), found 2051"):
        read_shape(path, 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "found"), [(IMAGES[:-1], "found 11 bytes"), (IMAGES + b"\0", "found more")]
)
def test_wrong_length_is_named(tmp_path: Path, pack: type[bytes], content: bytes, found: str) -> None:
    path = write(tmp_path / "images", pack(content))
    for reads in (read, read_shape):
        with pytest.raises(DataError, match=rf"images: expected 12 bytes \(3×2×2\).*{found}"):
            reads(path, 3)


def test_file_that_ends_in_its_header_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected an IDX header of 16 bytes, found 9 bytes"):
        read_shape(write(tmp_path / "images", IMAGES[:9]), 3)


def test_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected an IDX header of 8 bytes, found 0 bytes"):
        read_shape(write(tmp_path / "labels", b""), 1)


@pytest.mark.parametrize("cut", [slice(0, 30), slice(0, -9), slice(0, 5)])
def test_truncated_gzip_is_called_damaged(tmp_path: Path, cut: slice) -> None:
    content = gzip.compress(encode((40, 5, 5), os.urandom(1000)))[cut]
    path = write(tmp_path / "images", content)
    for reads in (read, read_shape):
        with pytest.raises(DataError, match="images: expected a whole gzip file, found a damaged one"):
            reads(path, 3)


def test_a_gzip_file_of_several_parts_is_complete(tmp_path: Path) -> None:
    path = write(tmp_path / "images", gzip.compress(IMAGES[:20]) + gzip.compress(IMAGES[20:]))
    assert read_shape(path, 3) == (3, 2, 2)
    assert read(path, 3) == ((3, 2, 2), bytearray(range(12)))


def test_gzip_with_flipped_bytes_is_called_damaged(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(encode((40, 5, 5), bytes(range(250)) * 4)))
    content[40] ^= 0xFF
    with pytest.raises(DataError, match="damaged"):
        read(write(tmp_path / "images", bytes(content)), 3)


def test_a_count_larger_than_the_file_allocates_no_memory(tmp_path: Path) -> None:
    content = encode((2**32 - 1, 28, 28), b"")
    for name, packed in (("plain", content), ("gzipped", gzip.compress(content))):
        with pytest.raises(DataError, match="found a file of"):
            read_shape(write(tmp_path / name, packed), 3)


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing: cannot be read \(No such file"):
        read_shape(tmp_path / "nothing", 3)
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory"):
        read_shape(tmp_path, 3)


def test_unreadable_file_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> BinaryIO:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)  # file modes don't stop root
    with pytest.raises(DataError, match=r"images: cannot be read \(Permission denied"):
        read(path, 3)
