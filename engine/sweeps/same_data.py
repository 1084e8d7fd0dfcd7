"""Whether a sweep that continues still trains on the data that it began with."""

import os
from contextlib import suppress
from pathlib import Path

from engine.data.fashion_mnist import DataError, find_source, fingerprint_of
from engine.storage.run_log import NotARun, read_description
from engine.sweeps.folder import SweepFolder
from scenarios.sweep import Cell
from vanish_recorder.storage.log_file import DESCRIPTION


def check_data(folder: SweepFolder, cells: list[Cell]) -> None:
    """Compare the data with those of the first run that has begun; reads all of them.

    Raises:
        DataError: they differ, or are damaged.
    """
    for run in map(folder.run_of, cells):
        if not os.path.exists(folder.path / run / DESCRIPTION):
            continue
        with suppress(NotARun, OSError):
            origin = read_description(folder.path / run).origin
            if origin is None or not origin.sha256:
                continue
            source = find_source(Path(folder.means.data) if folder.means.data else None)
            if fingerprint_of(source) != origin.sha256:
                raise DataError(
                    f"its runs were trained on other data than those in {source.label} now: restore them, or"
                    " start a new sweep"
                )
            return
