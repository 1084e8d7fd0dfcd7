"""The recorded runs: the slides' scenarios, trained to their end, which come with the program.

Each has a folder like any other run, but its log is compressed, and nothing is ever written there.
`tools/record_runs.py` makes them.
"""

import errno
import lzma
import os
from difflib import get_close_matches
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from engine.protocol.recorded import recorded_run, scenario_of
from vanish_recorder.storage.guarded import open_guarded, read_guarded
from vanish_recorder.storage.log_file import EVENTS

RECORDED = Path(__file__).resolve().parent.parent / "recorded"
COMPRESSED = f"{EVENTS}.xz"
PROVENANCE = "provenance.json"
_LARGEST = 2**26  # bytes of a log after it was decompressed
_MOST_READY = 8  # logs that stay decompressed, about 1 MB each: as many as a comparison has runs
DAMAGED = "the recorded run is damaged: install vanish-tui again"


class NoRecording(Exception):
    """There is no recorded run with this name. The text says which there are."""


def recorded_runs() -> tuple[str, ...]:
    """The names of the recorded runs in alphabetical order: `recorded:adam`, ..."""
    try:
        with os.scandir(RECORDED) as found:
            ids = sorted(item.name for item in found if os.path.isdir(item.path))
    except OSError:
        return ()
    return tuple(recorded_run(each) for each in ids if not each.startswith("_"))


def recorded_folder(run: str) -> Path:
    """The folder of the recorded run with this name, which may not exist."""
    return RECORDED / os.path.basename(scenario_of(run))


def find_recorded(run: str) -> str:
    """The name of a recorded run, from a name that the user gave.

    Raises:
        NoRecording: there is none.
    """
    known = recorded_runs()
    if run in known:
        return run
    wanted = scenario_of(run)
    near = get_close_matches(wanted, map(scenario_of, known), n=1)
    hint = f"did you mean {recorded_run(near[0])}?" if near else f"there are {', '.join(known) or 'none'}"
    raise NoRecording(f"there is no recorded run of {wanted!r}; {hint}")


def run_name(folder: Path) -> str:
    """The name of the run in a folder: the folder's, with the prefix of a recorded run."""
    return recorded_run(folder.name) if folder.parent == RECORDED else folder.name


def open_log(log: Path) -> BinaryIO:
    """Open the log of a run to read it; that of a recorded run is decompressed.

    Raises:
        OSError: it cannot be read, or it is damaged; `strerror` says why.
    """
    return BytesIO(_decompressed(log)) if log.parent.parent == RECORDED else open_guarded(log)


@lru_cache(maxsize=_MOST_READY)  # a screen reads the same logs again for every step that it shows
def _decompressed(log: Path) -> bytes:
    damaged = OSError(errno.EIO, DAMAGED, str(log))
    try:
        packed = lzma.LZMADecompressor()
        content = packed.decompress(read_guarded(log.with_name(COMPRESSED)), _LARGEST)
    except (lzma.LZMAError, FileNotFoundError):
        raise damaged from None
    if not packed.eof:
        raise damaged
    return content
