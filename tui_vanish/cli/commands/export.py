"""`vanish-tui export`: write a run's numbers as CSV or for TensorBoard."""

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

from engine.export.watched_rows import WatchedRows
from engine.storage.log_reader import LogReader, iterate_events
from engine.sweeps.folder import NotASweep, SweepFolder
from engine.sweeps.results import results
from scenarios.problems import ScenarioError, printable
from tui_vanish.cli import options
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.jobs.resume import find_run
from tui_vanish.jobs.telling import say, tell
from tui_vanish.language import marked, tr
from tui_vanish.sweeps.find import sweep_named
from vanish_recorder.protocol.codec import encoded, to_record
from vanish_recorder.protocol.events import EpochFinished, LayerSample, RunEvent, Sample
from vanish_recorder.protocol.watch_events import EpochLogged, Measured, Thinned
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.private import for_the_user_alone, make_private_folder

_WHERE = ("event", "step", "epoch", "stage", "time")
_EPOCH = ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds", "evaluation_seconds")
_LAYER = tuple(field.name for field in fields(LayerSample) if field.name not in ("name", "always_zero"))
_EVENT_FILE = "events.out.tfevents."
_NUMBERS = ("loss", "accuracy", "lr")
_SCALING = ("scale", "skipped")  # of the loss, and the steps that it made too large
COLUMNS = (*_WHERE, *_NUMBERS, *_EPOCH, "layer", *_LAYER, *_SCALING)
EXAMPLES = (
    ("vanish-tui export @last --csv numbers.csv", marked("a row per layer of each sample")),
    ("vanish-tui export relu --tensorboard logs", marked("files for TensorBoard")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "run_name",
        metavar="RUN",
        help=tr(
            "name of a run or a sweep (see vanish-tui runs), a part of it, or @last, the run started last"
        ),
    )
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument(
        "--csv",
        metavar="FILE",
        nargs="?",
        const="-",
        help=tr(
            "write CSV, to FILE or standard output: one row per layer of each sample, and one "
            "per epoch; of a watched run, one per block and per tensor of each sample; of a "
            "sweep, one per run"
        ),
    )
    form.add_argument(
        "--tensorboard", metavar="DIR", type=Path, help=tr("write TensorBoard's event file into this folder")
    )
    parser.add_argument("--force", action="store_true", help=tr("overwrite what was exported there before"))
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the numbers in the format that was asked for."""
    runs_dir = getattr(arguments, "runs_dir", None)
    if (sweep := sweep_named(arguments.run_name, runs_dir)) is not None:
        return _sweep(sweep, arguments)
    entry = find_run(arguments.run_name, runs_dir)
    folder = None if arguments.tensorboard is None else arguments.tensorboard / entry.name
    if not arguments.force:
        _refuse_what_exists(arguments.csv, folder)
    reader = LogReader()
    events = iterate_events(entry.folder / EVENTS, reader)
    try:
        if folder is not None:
            _tensorboard(folder, entry.folder, events)
        else:
            _write(arguments.csv, lambda file: _csv(file, events))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FailedError(f"{error.filename or entry.name}: {error.strerror}") from None
    if reader.damage.lines:
        tell(f"{entry.name}: {reader.damage}")
    return 0


def _write(path: str, write: Callable[[TextIO], None]) -> None:
    """Write to a file, or to standard output if its name is `-`."""
    if path == "-":
        write(sys.stdout)
        return
    with open(path, "w", newline="", encoding="utf-8", opener=for_the_user_alone) as file:
        write(file)


def _sweep(path: Path, arguments: argparse.Namespace) -> int:
    """Write a row per run of a sweep."""
    from engine.sweeps.rows import columns, rows

    if arguments.csv is None:
        raise RefusedError(
            tr("{name} is a sweep, for which there is only --csv; export its runs one by one", name=path.name)
        )
    if not arguments.force:
        _refuse_what_exists(arguments.csv, None)
    try:
        folder = SweepFolder.read(path)
        cells = folder.sweep.cells()
        found = results(folder, cells)
    except (NotASweep, ScenarioError) as error:
        raise RefusedError(printable(f"{path.name}: {error}")) from None

    def write(file: TextIO) -> None:
        writer = csv.DictWriter(file, columns(folder.sweep), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(cells, found))

    try:
        _write(arguments.csv, write)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FailedError(f"{error.filename or path.name}: {error.strerror}") from None
    return 0


def _refuse_what_exists(csv: str | None, folder: Path | None) -> None:
    """Refuse to overwrite a file, or a run's folder for TensorBoard. A pipe or a device is written to."""
    if folder is not None and os.path.lexists(folder):
        raise RefusedError(
            tr(
                ("{folder} already exists: name another folder, or use --force to replace its event files"),
                folder=folder,
            )
        )
    if (
        csv is not None
        and csv != "-"
        and os.path.lexists(csv)
        and (os.path.isfile(csv) or os.path.islink(csv))
    ):
        raise RefusedError(
            tr("{csv} already exists: name another file, or use --force to overwrite it", csv=csv)
        )


def _csv(file: TextIO, events: Iterable[RunEvent]) -> None:
    writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    watched = WatchedRows()
    for event in events:
        watched.follow(event)
        writer.writerows(_rows(event, watched))


def _rows(event: RunEvent, watched: WatchedRows) -> Iterator[dict[str, Any]]:
    record = to_record(event)
    match event:
        case EpochLogged():
            yield {**record, **_logged(event.logged, (*_NUMBERS, *_EPOCH))}
        case Measured():
            logged = _logged(event.logged, _NUMBERS)
            where = {name: record[name] for name in (*_WHERE, *_SCALING) if name in record}
            for layer, rate in watched.of(event):
                of_layer = encoded(layer)
                rates = {} if rate is None else {"lr": encoded(rate)}
                yield {**where, **logged, **rates, **of_layer, "layer": layer.name}
        case Thinned():
            for step, time, numbers in event.rows():
                yield {**record, "step": step, "time": time, **_logged(numbers, _NUMBERS)}
        case EpochFinished():
            yield record
        case Sample():
            for layer in record["layers"] or [{}]:
                yield {**record, **layer, "layer": layer.get("name")}


def _logged(numbers: Mapping[str, float], names: Iterable[str]) -> dict[str, Any]:
    """What a script logged under these names. It may log any other name, such as `step` or `grad_norm`."""
    return {name: encoded(numbers[name]) for name in names if name in numbers}


def _tensorboard(folder: Path, run_folder: Path, events: Iterable[RunEvent]) -> None:
    from engine.export.tensorboard import write_events

    began = (run_folder / DESCRIPTION).stat().st_mtime
    make_private_folder(folder)
    for before in os.listdir(folder):
        if before.startswith(_EVENT_FILE):  # TensorBoard would draw its numbers as well
            os.unlink(folder / before)
    name = f"{_EVENT_FILE}{int(began)}.{os.uname().nodename}"
    with open(folder / name, "wb", opener=for_the_user_alone) as file:
        write_events(file, events, began)
    say(f"tensorboard --logdir {folder.parent}")
