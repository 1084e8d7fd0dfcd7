"""Download Fashion-MNIST into the cache, from the servers that torchvision knows."""

import gzip
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from engine.data.fashion_mnist import Source, cache_folder, inspect
from engine.data.idx import DataError
from vanish_recorder.storage.private import for_the_user_alone, make_private_folder

Progress = Callable[[str, int, int], None]

_PATIENCE = 20  # seconds without any data
_CHUNK = 1 << 16  # bytes
_ADVICE = (
    "Install the Debian package dataset-fashion-mnist, or pass a folder with the four files with --data."
)


def download(progress: Progress) -> Source:
    """Download the four files, verify them, and only then move them into the cache, unzipped.

    torchvision supplies the addresses and the checksums. Its own download is not used, because it draws a bar
    on the terminal and has no time limit.

    Args:
        progress: called with the name of the file, the bytes received and the total (0 if unknown). If it
            raises, the download ends and leaves no files.

    Raises:
        DataError: the files cannot be downloaded, or differ from those that torchvision knows.
    """
    from torchvision.datasets import FashionMNIST
    from torchvision.datasets.utils import check_integrity

    folder = cache_folder()
    try:
        make_private_folder(folder.parent)
        # In the same folder as the target, so that the last step is a rename within one file system.
        with tempfile.TemporaryDirectory(prefix="download-", dir=folder.parent) as beside:
            fetched = Path(beside) / folder.name
            make_private_folder(fetched)
            for name, md5 in FashionMNIST.resources:
                archive = Path(beside) / name
                _fetch(FashionMNIST.mirrors, name, archive, progress)
                if not check_integrity(str(archive), md5):
                    raise DataError(
                        f"{name} was damaged during the download: its checksum is not {md5}. Try again. "
                        f"{_ADVICE}"
                    )
                target = fetched / archive.stem
                with gzip.open(archive) as packed, open(target, "wb", opener=for_the_user_alone) as unpacked:
                    shutil.copyfileobj(packed, unpacked)
                archive.unlink()
            inspect("folder", fetched)
            if os.path.exists(folder):
                shutil.rmtree(folder)
            fetched.rename(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error}). {_ADVICE}") from error
    return inspect("cache", folder)


def _fetch(mirrors: list[str], name: str, target: Path, progress: Progress) -> None:
    """Download a file from the first server that has it."""
    failures = []
    for mirror in mirrors:
        try:
            response = urllib.request.urlopen(f"{mirror}{name}", timeout=_PATIENCE)
            with response, open(target, "wb", opener=for_the_user_alone) as file:
                total, received = int(response.headers.get("Content-Length") or 0), 0
                while chunk := response.read(_CHUNK):
                    file.write(chunk)
                    received += len(chunk)
                    progress(name, received, total)
            return
        except (OSError, HTTPException) as error:
            failures.append(f"{mirror} ({getattr(error, 'reason', None) or error})")
    raise DataError(f"Fashion-MNIST could not be downloaded from {', '.join(failures)}. {_ADVICE}")
