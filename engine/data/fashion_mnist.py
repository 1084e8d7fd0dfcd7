"""Fashion-MNIST as tensors on the device, from the first source that exists.

The sources are tried in this order: the folder that `--data` names, our cache, the Debian package's folder,
and the sample that comes with this program. Finding a source reads the headers and lengths of the files and
does not import torch.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.data.idx import DataError, read, read_shape
from engine.protocol.data_spec import FASHION_MNIST
from engine.user_folders import user_folder

if TYPE_CHECKING:
    import torch

__all__ = [
    "DataError",
    "Dataset",
    "Source",
    "cache_folder",
    "find_source",
    "inspect",
    "load",
    "scaled",
    "titled",
]

SourceKind = Literal["folder", "cache", "debian", "sample"]

SIDE, _ = FASHION_MNIST.shape
PIXELS = FASHION_MNIST.inputs
TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
_EXPECTED = f"{', '.join(FILES)}, gzipped or not"

SAMPLE = Path(__file__).parent.parent / "assets"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
# The fingerprints of the whole set and of the sample; other files under the same names are trained, and said.
_KNOWN = {
    "fc7c45578b3bcfe5446fb56961292ecb2746adfee49b4e19e380b9ccd198dbab": "Fashion-MNIST",
    "f293494c41084213ff474c33c8fecef5896f0853700f3d6fb17661f926b2451b": "Fashion-MNIST sample",
}
_UNKNOWN = "not the known Fashion-MNIST"
SAMPLE_PASSES = 10  # times 6 000 images: an epoch of the sample has as many steps as one of the whole set

_REMEDY = {
    "folder": "",
    "cache": ". Delete the folder, or download it again with `vanish-tui doctor --download`",
    "debian": ". Reinstall the package dataset-fashion-mnist, or name another folder with --data",
    "sample": ". Reinstall vanish-tui, or name another folder with --data",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A folder with Fashion-MNIST, and how many images it holds.

    Attributes:
        kind: folder (named by `--data`), cache, debian or sample.
        path: the folder with the four IDX files.
        label: a short name for the source.
        train: number of training images.
        test: number of test images.
        copy: where its files are read if `path` is a folder of another machine.
    """

    kind: SourceKind
    path: Path
    label: str
    train: int
    test: int
    copy: Path | None = None

    @property
    def passes(self) -> int:
        """How many times an epoch goes over the training images."""
        return SAMPLE_PASSES if self.kind == "sample" else 1


@dataclass(frozen=True, slots=True)
class Dataset:
    """Fashion-MNIST on a device.

    Attributes:
        name: as in scenarios.
        source: a short name for the source.
        train_images: uint8 [N, 784], 0 to 255. They stay bytes until a batch is used, and `scaled` converts
            the batch: gathering bytes and scaling them is faster than gathering floats, which take four
            times the memory.
        train_labels: int64 [N], 0 to 9.
        test_images: uint8 [M, 784], 0 to 255.
        test_labels: int64 [M], 0 to 9.
        passes: how many times an epoch goes over the training images: 10 on the sample, otherwise 1.
        folder: the folder that `--data` named, or its subfolder with the files; None for other sources.
        sha256: of all pixels and labels; the same for gzipped and plain files.
    """

    name: str
    source: str
    train_images: "torch.Tensor"
    train_labels: "torch.Tensor"
    test_images: "torch.Tensor"
    test_labels: "torch.Tensor"
    passes: int
    folder: Path | None
    sha256: str

    @property
    def is_known(self) -> bool:
        """Whether these are the images and labels of Fashion-MNIST, or of the included sample."""
        return self.sha256 in _KNOWN

    @property
    def title(self) -> str:
        """Name and size, for a title bar."""
        return titled(self.sha256, len(self.train_labels), len(self.test_labels))


def titled(sha256: str, train: int, test: int) -> str:
    """Name and size of a data set.

    Args:
        sha256: its fingerprint.
        train: number of training images.
        test: number of test images.
    """
    return f"{_KNOWN.get(sha256, _UNKNOWN)} {train:,}/{test:,}".replace(",", " ")


def cache_folder() -> Path:
    """The folder for downloads, in torchvision's layout under the user's cache folder."""
    return user_folder("cache") / "FashionMNIST" / "raw"


def find_source(data: Path | None = None) -> Source:
    """Find the first source that exists, from the headers and lengths of its files.

    A folder without any of the four files is skipped. A folder with some of them, or with a damaged one, is
    an error, because skipping it would train on other data than the user expects.

    Args:
        data: a folder with the four IDX files, gzipped or not, or with torchvision's `FashionMNIST/raw` in
            it. The word `sample` means the sample that comes with this program. None tries the cache, the
            Debian package and the sample.

    Raises:
        DataError: `data` holds no data set, or the files of a source do not belong together.
    """
    if data == Path("sample"):
        return inspect("sample", SAMPLE)
    if data is not None:
        # The absolute path, because it is saved: another process may resume the run from another folder.
        return inspect("folder", _named_folder(data.absolute()))
    if _holds_any(cache_folder()):
        return inspect("cache", cache_folder())
    if _holds_any(DEBIAN):
        return inspect("debian", DEBIAN)
    return inspect("sample", SAMPLE)


def inspect(kind: SourceKind, folder: Path) -> Source:
    """Describe the source in `folder` from the headers and lengths of its files.

    Raises:
        DataError: a file is missing or damaged, or the four files do not belong together.
    """
    with _remedied(kind):
        if missing := [name for name in FILES if _locate(folder, name) is None]:
            raise DataError(f"{folder}: expected {_EXPECTED}; missing {', '.join(missing)}")
        train = _check_half(folder, TRAIN_IMAGES, TRAIN_LABELS)
        test = _check_half(folder, TEST_IMAGES, TEST_LABELS)
    label = {"cache": "cache", "debian": "Debian package", "sample": "sample"}.get(kind, str(folder))
    return Source(kind, folder, label, train, test)


def load(source: Source, device: "torch.device | str") -> Dataset:
    """Read a source into tensors on `device`: images uint8 [N, 784], labels int64 [N].

    Raises:
        DataError: a file is damaged, or a label is not from 0 to 9.
    """
    train_pixels, train_classes, test_pixels, test_classes = parts = _read_parts(source)
    train_images, train_labels = _tensors(train_pixels, train_classes, device)
    test_images, test_labels = _tensors(test_pixels, test_classes, device)
    return Dataset(
        name="fashion-mnist",
        source=source.label,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
        passes=source.passes,
        folder=source.path if source.kind == "folder" else None,
        sha256=fingerprint(*parts),
    )


def fingerprint_of(source: Source) -> str:
    """The fingerprint of a source's contents, the same as in its Dataset. Does not import torch.

    Raises:
        DataError: a file is damaged.
    """
    return fingerprint(*_read_parts(source))


def fingerprint(*parts: bytes | bytearray) -> str:
    """The SHA-256 of pixels and labels, each part after its length, as hexadecimal digits.

    Args:
        parts: training pixels, training labels, test pixels, test labels; one byte per pixel or label.
    """
    from hashlib import sha256  # imported only when a run begins, to start the app faster

    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


def scaled(images: "torch.Tensor") -> "torch.Tensor":
    """Convert pixels to what a network sees. The result is bit-identical on every device.

    Args:
        images: uint8, any shape, usually [batch, 784].

    Returns:
        float32 in [0, 1], in the same shape.
    """
    import torch

    # Divided by a tensor, because CUDA divides by a plain number as a product with its reciprocal, which
    # rounds differently.
    white = torch.full((), 255.0, device=images.device)
    return images.to(torch.float32).div_(white)


def _read_parts(source: Source) -> tuple[bytearray, bytearray, bytearray, bytearray]:
    """Training pixels, training labels, test pixels, test labels."""
    with _remedied(source.kind):
        folder = source.copy or source.path
        train = _read_half(folder, TRAIN_IMAGES, TRAIN_LABELS)
        return (*train, *_read_half(folder, TEST_IMAGES, TEST_LABELS))


def _read_half(folder: Path, images_name: str, labels_name: str) -> tuple[bytearray, bytearray]:
    _check_half(folder, images_name, labels_name)  # again, because the files may have changed since
    labels_path = _present(folder, labels_name)
    _, labels = read(labels_path, 1)
    if max(labels) >= FASHION_MNIST.classes:
        last = FASHION_MNIST.classes - 1
        raise DataError(f"{labels_path}: expected labels from 0 to {last}, found {max(labels)}")
    _, pixels = read(_present(folder, images_name), 3)
    return pixels, labels


def _tensors(
    pixels: bytearray, labels: bytearray, device: "torch.device | str"
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Images, uint8 [N, 784], and labels, int64 [N], on the device."""
    import torch

    images = torch.frombuffer(pixels, dtype=torch.uint8).view(-1, PIXELS)
    return images.to(device), torch.frombuffer(labels, dtype=torch.uint8).to(device, torch.int64)


def _check_half(folder: Path, images_name: str, labels_name: str) -> int:
    """The number of images of the training or the test half."""
    images_path, labels_path = _present(folder, images_name), _present(folder, labels_name)
    count, *sides = read_shape(images_path, 3)
    (labels,) = read_shape(labels_path, 1)
    if sides != [SIDE, SIDE] or not count:
        raise DataError(
            f"{images_path}: expected images of {SIDE}×{SIDE} pixels, found {count} of {sides[0]}×{sides[1]}"
        )
    if labels != count:
        raise DataError(f"{labels_path}: expected {count} labels, one for each image, found {labels}")
    return count


def _named_folder(data: Path) -> Path:
    """The folder with the files: the one that the user named, or a subfolder."""
    expected = f"expected a folder with {_EXPECTED}, there or in FashionMNIST/raw"
    try:
        with os.scandir(data):
            pass
    except FileNotFoundError:
        raise DataError(f"{data}: {expected}; found no such folder") from None
    except NotADirectoryError:
        raise DataError(f"{data}: {expected}; found a file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(f"{data}: {expected}, but it cannot be read: {reason}") from None
    for folder in (data, data / "FashionMNIST" / "raw", data / "raw"):
        if _holds_any(folder):
            return folder
    raise DataError(f"{data}: {expected}; found none of them")


def _holds_any(folder: Path) -> bool:
    return any(_locate(folder, name) for name in FILES)


def _locate(folder: Path, name: str) -> Path | None:
    """The plain file, which is faster to read, or else the gzipped one; None if neither exists."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if os.path.isfile(path)), None)


def _present(folder: Path, name: str) -> Path:
    path = _locate(folder, name)
    if path is None:
        raise DataError(f"{folder}: expected {_EXPECTED}; missing {name}")
    return path


@contextmanager
def _remedied(kind: SourceKind) -> Iterator[None]:
    """Add to an error what the user can do about this kind of source."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{error}{_REMEDY[kind]}") from error
