"""The line of a sweep in the list of runs, made again from its folder."""

import math
import os
from contextlib import suppress
from pathlib import Path

from engine.storage.nested import SWEEP_FILE
from engine.storage.run_log import NotARun
from engine.storage.summary import read_summary
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.guarded import read_guarded
from vanish_recorder.storage.summary import Summary

SWEEP = "sweep"  # the kind of its summary
_DONE = (Status.FINISHED, Status.DIVERGED)


def sweep_line(folder: Path) -> Summary:
    """What `summary.json` of a sweep would say, but not for how long it was trained.

    Args:
        folder: of the sweep.

    Raises:
        NotARun: its description is damaged.
        OSError: it cannot be read.
    """
    try:
        record = parse(read_guarded(folder / SWEEP_FILE))
        size = math.prod(len(axis["values"]) for axis in record["grid"]) * int(record["seeds"])
        name, seed = str(record["name"]), int(record["seed"])
    except (KeyError, TypeError, ValueError):
        raise NotARun(f"a damaged sweep: {SWEEP_FILE} does not describe one") from None
    done = 0
    for run in os.scandir(folder):
        if run.name.startswith(f"{folder.name}-"):
            with suppress(NotARun, OSError):
                done += read_summary(folder / run.name).status in _DONE
    status = Status.FINISHED if done >= size else Status.STOPPED
    return Summary(name, seed, status, step=done, steps=size, epoch=done, epochs=size, kind=SWEEP)
