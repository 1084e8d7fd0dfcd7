"""Make the included sample from the whole Fashion-MNIST: `python tools/make_sample.py [FOLDER]`.

It holds the first 600 training and the first 100 test images of each class, in the order of the set.
"""

import gzip
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.data import idx  # noqa: E402
from engine.data.fashion_mnist import FILES, PIXELS, SAMPLE, SIDE, find_source  # noqa: E402

PER_CLASS = (600, 100)


def main() -> None:
    """Write the four files into engine/assets."""
    source = find_source(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    if source.kind == "sample":
        sys.exit(
            "the sample needs the whole Fashion-MNIST: install dataset-fashion-mnist, or name its folder"
        )
    for (images_name, labels_name), per_class in zip((FILES[:2], FILES[2:]), PER_CLASS, strict=True):
        images, labels = _read(source.path, images_name, 3), _read(source.path, labels_name, 1)
        seen: Counter[int] = Counter()
        chosen = []
        for index, label in enumerate(labels):
            seen[label] += 1
            if seen[label] <= per_class:
                chosen.append(index)
        pixels = b"".join(images[i * PIXELS : (i + 1) * PIXELS] for i in chosen)
        _write(images_name, (len(chosen), SIDE, SIDE), pixels)
        _write(labels_name, (len(chosen),), bytes(labels[i] for i in chosen))


def _read(folder: Path, name: str, dimensions: int) -> bytearray:
    path = folder / name
    _, body = idx.read(path if path.exists() else path.with_name(f"{name}.gz"), dimensions)
    return body


def _write(name: str, shape: tuple[int, ...], body: bytes) -> None:
    path = SAMPLE / f"{name}.gz"
    path.write_bytes(gzip.compress(idx.encode(shape, body), 9, mtime=0))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
