"""Fetch Fashion-MNIST into the cache, from where torchvision knows it to be."""

import gzip
import shutil
import tempfile
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from engine.data.fashion_mnist import Source, cache_folder, inspect
from engine.data.idx import DataError

Progress = Callable[[str, int, int], None]

_PATIENCE = 20  # seconds without a byte
_CHUNK = 1 << 16  # bytes
_ADVICE = (
    "Install the Debian package dataset-fashion-mnist, or name a folder with the four files with --data."
)


def download(progress: Progress) -> Source:
    """Fetch the four files, verify them, and only then put them into the cache, unzipped.

    torchvision says where the files are and what their checksums are; the transfer is done here, because its
    own draws a bar on the terminal and has no time limit.

    Args:
        progress: called with the file's name, the bytes received and the bytes in all (0 if unknown). What it
            raises ends the download and leaves no trace.

    Raises:
        DataError: the files can't be had, or are not the ones that torchvision knows.
    """
    from torchvision.datasets import FashionMNIST
    from torchvision.datasets.utils import check_integrity

    folder = cache_folder()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place, so that the last step is a rename within one file system.
        with tempfile.TemporaryDirectory(prefix="download-", dir=folder.parent) as beside:
            fetched = Path(beside) / folder.name
            fetched.mkdir()
            for name, md5 in FashionMNIST.resources:
                archive = Path(beside) / name
                _fetch(FashionMNIST.mirrors, name, archive, progress)
                if not check_integrity(str(archive), md5):
                    raise DataError(
                        f"{name} arrived damaged: its checksum is not {md5}. Try again. {_ADVICE}"
                    )
                with gzip.open(archive) as packed, (fetched / archive.stem).open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
                archive.unlink()
            inspect("folder", fetched)
            if folder.exists():
                shutil.rmtree(folder)
            fetched.rename(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error}). {_ADVICE}") from error
    return inspect("cache", folder)


def _fetch(mirrors: list[str], name: str, target: Path, progress: Progress) -> None:
    """The file from the first mirror that has it."""
    failures = []
    for mirror in mirrors:
        try:
            response = urllib.request.urlopen(f"{mirror}{name}", timeout=_PATIENCE)
            with response, target.open("wb") as file:
                total, received = int(response.headers.get("Content-Length") or 0), 0
                while chunk := response.read(_CHUNK):
                    file.write(chunk)
                    received += len(chunk)
                    progress(name, received, total)
            return
        except (OSError, HTTPException) as error:
            failures.append(f"{mirror} ({getattr(error, 'reason', None) or error})")
    raise DataError(f"Fashion-MNIST could not be downloaded from {', '.join(failures)}. {_ADVICE}")
