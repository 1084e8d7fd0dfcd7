import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.data import fashion_mnist, idx
from engine.data.fashion_mnist import (
    FILES,
    PIXELS,
    SAMPLE,
    DataError,
    Dataset,
    find_source,
    inspect,
    load,
    scaled,
)

Contents = dict[str, bytes]


@pytest.fixture
def contents() -> Contents:
    """A data set of 3 training and 2 test images."""
    return {
        FILES[0]: idx.encode((3, 28, 28), bytes(i % 256 for i in range(3 * PIXELS))),
        FILES[1]: idx.encode((3,), bytes([9, 0, 4])),
        FILES[2]: idx.encode((2, 28, 28), bytes(2 * PIXELS)),
        FILES[3]: idx.encode((2,), bytes([1, 2])),
    }


@pytest.fixture
def no_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the Debian package, which does not exist."""
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "debian")
    return tmp_path / "debian"


def write(folder: Path, contents: Contents, *, zipped: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = folder / (f"{name}.gz" if zipped else name)
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


# --------------------------------------------------------------------------------- which source


def test_the_sample_is_used_if_there_is_no_other_source(no_debian: Path) -> None:
    source = find_source()
    assert (source.kind, source.train, source.test, source.passes) == ("sample", 6000, 1000, 10)
    assert load(source, "cpu").title == "Fashion-MNIST sample 6 000/1 000"


def test_other_files_under_the_same_names_are_not_called_fashion_mnist(
    contents: Contents, tmp_path: Path
) -> None:
    sample = load(inspect("sample", SAMPLE), "cpu")
    assert sample.is_known
    shutil.copytree(SAMPLE, tmp_path / "copy")
    copy = load(inspect("folder", tmp_path / "copy"), "cpu")
    assert (copy.is_known, copy.title) == (True, sample.title)

    labels = tmp_path / "copy" / f"{FILES[1]}.gz"
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(gzip.compress(content))
    other = load(inspect("folder", tmp_path / "copy"), "cpu")
    assert (other.is_known, other.title) == (False, "not the known Fashion-MNIST 6 000/1 000")


@pytest.mark.full_data
def test_the_whole_set_is_known(full_data: Dataset) -> None:
    assert (full_data.is_known, full_data.title) == (True, "Fashion-MNIST 60 000/10 000")


def test_sample_can_be_asked_for_by_name(contents: Contents) -> None:
    write(fashion_mnist.cache_folder(), contents)
    assert find_source(Path("sample")).kind == "sample"


def test_the_cache_is_tried_before_debian_and_debian_before_the_sample(
    no_debian: Path, contents: Contents
) -> None:
    write(no_debian, contents, zipped=True)
    assert (find_source().kind, find_source().path) == ("debian", no_debian)
    write(fashion_mnist.cache_folder(), contents)
    assert (find_source().kind, find_source().path) == ("cache", fashion_mnist.cache_folder())


def test_empty_folders_are_skipped(no_debian: Path) -> None:
    no_debian.mkdir()
    fashion_mnist.cache_folder().mkdir(parents=True)
    assert find_source().kind == "sample"


def test_the_path_of_a_folder_is_absolute_so_that_the_run_can_be_resumed_elsewhere(
    tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "mine", contents)
    monkeypatch.chdir(tmp_path)
    assert find_source(Path("mine")).label == str(folder)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("inside", [".", "FashionMNIST/raw", "raw"])
def test_a_named_folder_is_tried_first(tmp_path: Path, contents: Contents, inside: str, zipped: bool) -> None:
    write(fashion_mnist.cache_folder(), contents)
    folder = write(tmp_path / "mine" / inside, contents, zipped=zipped)
    source = find_source(tmp_path / "mine")
    assert (source.kind, source.path, source.label) == ("folder", folder, str(folder))
    assert (source.train, source.test, source.passes) == (3, 2, 1)


def test_finding_a_source_imports_neither_torch_nor_numpy() -> None:
    code = "import sys; from engine.data.fashion_mnist import find_source; find_source(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "numpy", "torchvision"} & set(modules.split())


# ----------------------------------------------------------------------------------- bad sources


def test_named_path_without_a_data_set_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, found in (
        (tmp_path, "none of them"),
        (tmp_path / "file", "a file"),
        (tmp_path / "x", "no such"),
    ):
        with pytest.raises(DataError, match=found) as error:
            find_source(path)
        assert str(path) in str(error.value)
        assert all(name in str(error.value) for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_incomplete_folder_says_which_file_is_missing(tmp_path: Path, contents: Contents, name: str) -> None:
    del contents[name]
    with pytest.raises(DataError, match=f"missing {name}$"):
        find_source(write(tmp_path, contents))


def test_incomplete_cache_is_an_error_with_a_remedy(contents: Contents) -> None:
    del contents[FILES[1]]
    folder = write(fashion_mnist.cache_folder(), contents)
    with pytest.raises(DataError, match=rf"{folder}: .*missing {FILES[1]}\. Delete .* doctor --download"):
        find_source()


def test_damaged_debian_package_is_an_error_with_a_remedy(no_debian: Path, contents: Contents) -> None:
    write(no_debian, contents | {FILES[2]: b"damaged"})
    with pytest.raises(
        DataError, match=rf"{FILES[2]}: expected .*magic.*\. Reinstall .*dataset-fashion-mnist"
    ):
        find_source()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            FILES[0],
            idx.encode((3, 32, 28), bytes(3 * 32 * 28)),
            "expected images of 28×28 .* found 3 of 32×28",
        ),
        (FILES[0], idx.encode((0, 28, 28), b""), "expected images of 28×28 pixels, found 0 of"),
        (FILES[1], idx.encode((4,), bytes(4)), "expected 3 labels, one for each image, found 4"),
        (FILES[2], idx.encode((2,), bytes(2)), "magic number 2051"),
        (FILES[3], idx.encode((2, 1, 1), bytes(2)), "magic number 2049"),
    ],
)
def test_an_unexpected_header_is_reported_without_loading(
    tmp_path: Path, contents: Contents, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(DataError, match=f"{tmp_path / name}: .*{message}"):
        find_source(write(tmp_path, contents | {name: content}))


def test_a_label_above_nine_is_reported_on_loading(tmp_path: Path, contents: Contents) -> None:
    source = find_source(write(tmp_path, contents | {FILES[3]: idx.encode((2,), bytes([1, 10]))}))
    with pytest.raises(DataError, match=f"{FILES[3]}: expected labels from 0 to 9, found 10"):
        load(source, "cpu")


@pytest.mark.parametrize("zipped", [False, True])
def test_a_truncated_file_is_reported_without_loading(
    tmp_path: Path, contents: Contents, zipped: bool
) -> None:
    write(tmp_path, contents, zipped=zipped)
    path = tmp_path / (f"{FILES[0]}.gz" if zipped else FILES[0])
    path.write_bytes(path.read_bytes()[:-5])
    found = "a damaged one" if zipped else r"2347 bytes$"
    with pytest.raises(DataError, match=rf"{path}: expected .*found {found}"):
        find_source(tmp_path)


def test_a_file_that_was_truncated_after_it_was_found_is_an_error(tmp_path: Path, contents: Contents) -> None:
    source = find_source(write(tmp_path, contents))
    (tmp_path / FILES[0]).write_bytes(contents[FILES[0]][:-5])
    with pytest.raises(DataError, match=rf"{FILES[0]}: expected 2352 bytes \(3×28×28\).* found 2347 bytes"):
        load(source, "cpu")


def test_a_source_that_was_removed_after_it_was_found_is_an_error(tmp_path: Path, contents: Contents) -> None:
    source = find_source(write(tmp_path, contents))
    (tmp_path / FILES[1]).unlink()
    with pytest.raises(DataError, match=f"missing {FILES[1]}"):
        load(source, "cpu")


# --------------------------------------------------------------------------------------- loading


def test_pixels_and_labels_are_kept_and_pixels_scaled_to_one(tmp_path: Path, contents: Contents) -> None:
    dataset = load(find_source(write(tmp_path, contents)), "cpu")
    assert dataset.train_images.shape == (3, PIXELS)
    pixels = torch.tensor([i % 256 for i in range(3 * PIXELS)]).view(3, PIXELS)
    assert dataset.train_images.dtype == torch.uint8
    assert torch.equal(dataset.train_images, pixels)
    assert torch.equal(scaled(dataset.train_images), pixels.to(torch.float32) / 255)
    assert dataset.train_labels.tolist() == [9, 0, 4]
    assert dataset.train_labels.dtype == torch.int64
    assert dataset.test_labels.tolist() == [1, 2]
    assert (dataset.name, dataset.source, dataset.passes) == ("fashion-mnist", str(tmp_path), 1)


def test_sample_is_balanced(sample_data: Dataset) -> None:
    assert sample_data.train_labels.bincount().tolist() == [600] * 10
    assert sample_data.test_labels.bincount().tolist() == [100] * 10
    assert (sample_data.source, sample_data.passes) == ("sample", 10)


def test_the_sample_in_the_wheel_stays_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 3.2e6


@pytest.mark.full_data
def test_sample_holds_images_of_the_whole_set_with_their_labels(full_data_folder: Path) -> None:
    full, sample = inspect("folder", full_data_folder), inspect("sample", SAMPLE)
    for images_name, labels_name in (FILES[:2], FILES[2:]):
        known = _labelled(full.path, images_name, labels_name)
        taken = _labelled(sample.path, images_name, labels_name)
        assert len(taken) == (6000 if images_name == FILES[0] else 1000)
        assert taken.items() <= known.items()


def _labelled(folder: Path, images_name: str, labels_name: str) -> dict[bytes, int]:
    _, pixels = idx.read(folder / f"{images_name}.gz", 3)
    _, labels = idx.read(folder / f"{labels_name}.gz", 1)
    return {bytes(pixels[i * PIXELS : (i + 1) * PIXELS]): label for i, label in enumerate(labels)}


@pytest.mark.full_data
def test_the_whole_set_has_the_known_mean_and_deviation(full_data: Dataset) -> None:
    pixels = scaled(full_data.train_images)
    assert pixels.shape == (60000, PIXELS)
    assert full_data.test_images.shape == (10000, PIXELS)
    assert pixels.mean().item() == pytest.approx(0.2860, abs=5e-5)
    assert pixels.std().item() == pytest.approx(0.3530, abs=5e-5)
    assert pixels.square().mean().item() == pytest.approx(0.2064, abs=5e-5)
    assert full_data.train_labels.bincount().tolist() == [6000] * 10
