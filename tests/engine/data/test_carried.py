"""Data that were sent to another machine are the same there, or refused."""

from pathlib import Path

import pytest

from engine.data.carried import copies, from_record, has_copy, packed, to_record, unpack
from engine.data.fashion_mnist import TEST_LABELS, DataError, Source, find_source, fingerprint_of, load
from tests.engine.lab import write_data


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return find_source(write_data(tmp_path / "data"))


def test_a_copy_is_the_same_data_with_the_name_of_the_original(source: Source) -> None:
    sha256, files = fingerprint_of(source), packed(source)
    there = from_record(to_record(source, sha256))
    assert not has_copy(there, sha256)
    unpack(there, sha256, files)
    original = load(source, "cpu")
    for path in source.path.iterdir():
        path.unlink()
    copied = load(there, "cpu")
    assert has_copy(there, sha256)
    assert copied.train_images.equal(original.train_images)
    assert (copied.sha256, copied.source, copied.folder) == (sha256, original.source, source.path)


def test_the_sample_keeps_its_passes() -> None:
    source = find_source(Path("sample"))
    there = from_record(to_record(source, "0" * 64))
    assert (there.passes, there.label) == (source.passes, "sample")


def test_other_data_are_refused(source: Source) -> None:
    sha256, files = fingerprint_of(source), packed(source)
    there = from_record(to_record(source, sha256))
    files[TEST_LABELS] = files[TEST_LABELS][:-1] + bytes([9 - files[TEST_LABELS][-1]])
    with pytest.raises(DataError, match="differ from those of the sweep"):
        unpack(there, sha256, files)


def test_a_damaged_copy_is_replaced(source: Source) -> None:
    sha256, files = fingerprint_of(source), packed(source)
    there = from_record(to_record(source, sha256))
    unpack(there, sha256, files)
    (copies() / sha256 / TEST_LABELS).write_bytes(b"damaged")
    assert not has_copy(there, sha256)
    unpack(there, sha256, files)
    assert has_copy(there, sha256)
