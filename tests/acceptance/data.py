"""Small data for the scripts, in the folders where they look for them."""

import gzip
import math
from importlib.resources import files
from pathlib import Path

_TRAINING, _TEST = 1920, 500  # images


def nothing(folder: Path) -> None:
    """The script makes its data itself."""


def mnist(folder: Path) -> None:
    """A part of the sample of Fashion-MNIST, as torchvision's MNIST expects it.

    Args:
        folder: that the script is run in; it looks in `data` beside it.
    """
    raw = folder.parent / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", _TRAINING), ("t10k", _TEST)):
        for kind, dimensions in (("images-idx3", (28, 28)), ("labels-idx1", ())):
            name = f"{part}-{kind}-ubyte"
            packed = files("engine") / "assets" / f"{name}.gz"
            unpacked = gzip.decompress(packed.read_bytes())
            header = 4 * (2 + len(dimensions))
            size = count * math.prod(dimensions)
            (raw / name).write_bytes(
                unpacked[:4] + count.to_bytes(4) + unpacked[8:header] + unpacked[header : header + size]
            )


def text(folder: Path) -> None:
    """The beginning of a text in the checkout."""
    lines = (folder / "data" / "wikitext-2" / "valid.txt").read_text(encoding="utf-8").splitlines(True)
    there = folder / "text"
    there.mkdir()
    for name, first, last in (("train", 0, 250), ("valid", 250, 270), ("test", 270, 290)):
        (there / f"{name}.txt").write_text("".join(lines[first:last]), encoding="utf-8")
