"""`vanish-tui runs`: list the runs that were trained here."""

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from typing import Any

from engine.storage.run_index import RunEntry, list_runs, recorded_entries
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.drawing import format
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, plural, tr
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.codec import encoded
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.summary import Summary

_COLUMNS = ("run", "status", "epoch", "step", "loss", "test", "best", "trained", "images", "verdict", "")
EXAMPLES = (
    ("vanish-tui runs", marked("what was trained here, the latest first")),
    ("vanish-tui runs --json | jq -r '.[].run'", marked("only the names")),
    ("vanish-tui runs --recorded", marked("what comes with the program")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--recorded",
        action="store_true",
        help=tr(
            "list the recorded runs, which come with the program: the scenarios of the slides, "
            "trained to their end on the whole Fashion-MNIST"
        ),
    )
    parser.add_argument("--json", action="store_true", help=tr("print a JSON list"))
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the runs, the latest first."""
    folder = getattr(arguments, "runs_dir", None) or default_runs_folder()
    try:
        entries = recorded_entries() if arguments.recorded else list_runs(folder)
    except OSError as error:
        raise RefusedError(f"{folder}: {error.strerror}") from None
    if arguments.json:
        say(json.dumps([encoded(_record(entry)) for entry in entries], indent=1))
    elif not entries:
        say(tr("there are no runs in {folder}", folder=printable(str(folder))))
    else:
        say("\n".join(_table([_COLUMNS, *map(_row, entries)])))
    return 0


def _row(entry: RunEntry) -> tuple[str, ...]:
    summary, labels = entry.summary, entry.labels
    notes = [labels.name, *(f"#{tag}" for tag in labels.tags)]
    notes += [tr("by {owner}", owner=spoken(str(entry.owner)))] if entry.owner else []
    notes += (
        [tr("to {successor}", successor=spoken(str(entry.successor)))]
        if entry.state == "handing over"
        else []
    )
    notes += [spoken(entry.problem)]
    remark = "  ".join(note for note in notes if note)
    if summary is None:
        return entry.name, spoken(entry.state), *[""] * (len(_COLUMNS) - 3), remark
    return (
        entry.name,
        spoken(entry.status),
        _runs(summary) if entry.is_sweep else _epoch(summary),
        "" if entry.is_sweep else format.count(summary.step),
        _loss(summary.loss if summary.is_watched else summary.train_loss),
        _accuracy(summary.test_accuracy),
        _accuracy(summary.best_test_accuracy),
        format.duration(summary.time),
        _images(summary),
        summary.verdict.replace("_", " "),
        remark,
    )


def _runs(summary: Summary) -> str:
    return plural("{done}/{number} run", "{done}/{number} runs", summary.epochs, done=summary.epoch)


def _epoch(summary: Summary) -> str:
    """The epoch of all; of a watched run, whose script alone knows when it ends, only the epoch."""
    if summary.is_watched:
        return str(summary.epoch) if summary.epoch else ""
    return f"{summary.epoch}/{summary.epochs}"


def _images(summary: Summary) -> str:
    if summary.train_images is None:
        return "" if summary.is_watched else tr("unknown")
    return format.count(summary.train_images)


def _loss(value: float | None) -> str:
    return "" if value is None else format.fixed(value)


def _accuracy(value: float | None) -> str:
    return "" if value is None else format.percent(value, 1)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    rows = [tuple(map(printable, row)) for row in rows]  # file names and labels may hold anything
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    # Wrapped lines make a table unreadable, so a terminal gets cut lines; a file gets whole ones.
    if sys.stdout.isatty():
        lines = [_cut(line, shutil.get_terminal_size().columns) for line in lines]
    return [line.rstrip() for line in lines]


def _cut(line: str, width: int) -> str:
    return line if len(line.rstrip()) <= width else f"{line[: width - 1]}…"


def _record(entry: RunEntry) -> dict[str, Any]:
    """The record of a run. While it is handed over, that is its `status` as well as its `state`."""
    record = {
        "run": entry.name,
        "folder": str(entry.folder),
        "state": entry.state,
        "problem": entry.problem,
        "label": entry.labels.name,
        "tags": entry.labels.tags,
        "owner": asdict(entry.owner) if entry.owner else None,
        **(asdict(entry.summary) if entry.summary else {}),
    }
    if entry.stalled:
        record |= {"stalled": entry.stalled}
    return record | {"status": entry.state} if entry.state == "handing over" else record
