"""A run in words and in JSON: what it is, its last numbers, and what was found."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.storage.run_index import RunEntry
from scenarios.problems import printable
from tui_vanish.cli.live_table import grid
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece
from tui_vanish.instruments.quantities import IN_BARS, number
from tui_vanish.jobs.telling import say
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor import origin_text, verdicts, watched_text
from tui_vanish.session import prose
from vanish_recorder.protocol.codec import encoded, to_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.protocol.event import Record
    from vanish_recorder.protocol.events import LayerSample
    from vanish_recorder.protocol.quantity import Quantity

_WIDEST = 100


def print_run(entry: RunEntry, run: "Snapshot") -> None:
    """Print the run."""
    say(printable(f"{entry.name}: {prose.text(run.spec.id, 'title', run.spec.title) or run.scenario_id}"))
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    for heading, text in _about(entry, run):
        say(textwrap.fill(text, width, initial_indent=f"{heading:12}", subsequent_indent=" " * 12))
    _print_layers(run)
    say("\n" + tr("Findings"))
    for sentence in _findings(run):
        say(textwrap.fill(printable(sentence), width, initial_indent="  ", subsequent_indent="  "))


def run_record(entry: RunEntry, run: "Snapshot") -> "Record":
    """The run as a JSON object."""
    watched, sample = run.watched, run.measured
    record = {
        "run": entry.name,
        "kind": run.spec.origin,
        "status": run.status.value if entry.state in ("live", "ended") else entry.state,
        "step": run.step,
        "epoch": run.epoch,
        "time": run.time,
        "watched" if watched else "scenario": run.spec.record,
        "seed": None if watched else run.seed,
        "layers": [encoded(layer) for layer in run.layers],
        "layers_step": run.layers_step,
        "verdicts": [to_record(verdict) for verdict in verdicts.most_severe_first(run.verdicts)],
    }
    if watched is None:
        return record
    return record | {
        "logged": encoded(dict(watched.logged)),
        "structure": to_record(watched.structure) if watched.structure else None,
        "measured": to_record(sample) if sample else None,
        "disabled": {part: event.reason for part, event in watched.disabled.items()},
    }


def _about(entry: RunEntry, run: "Snapshot") -> Iterator[tuple[str, str]]:
    status = spoken(entry.status if entry.state not in ("live", "ended") else str(run.status))
    status = tr("recorded, {status}", status=status) if run.is_recorded else status
    where = [status, tr("step {step}", step=format.count(run.step))]
    where += [tr("epoch {number}", number=run.epoch)] if run.epoch else []
    yield tr("Status"), " · ".join([*where, format.duration(run.time)])
    if run.watched is not None:
        yield from watched_text.details(run)
        shown = " · ".join(f"{name} {format.fixed(value)}" for name, value in run.logged.items())
        yield from [(tr("Logged"), printable(shown))] if shown else []
        return
    yield tr("Scenario"), printable(run.scenario_id)
    if run.started is not None:
        yield tr("Trained on"), origin_text.of_started(run.started)
    if run.last_epoch is not None:
        numbers = run.last_epoch
        accuracy = format.percent(numbers.test_accuracy, 1)
        yield (
            tr("Test"),
            tr("loss {loss}, accuracy {accuracy}", loss=format.fixed(numbers.test_loss), accuracy=accuracy),
        )


def _print_layers(run: "Snapshot") -> None:
    """A table of the layers, with the quantities that any of them has."""
    from tui_vanish.cli.printing import TableConsole

    what = tr("Blocks") if run.structure is not None and run.structure.blocks else tr("Layers")
    layers = run.layers
    if not layers:
        say(f"\n{what}\n  {tr('Nothing has been measured yet.')}")
        return
    shown = [each for each in IN_BARS if any(layer.value(each) is not None for layer in layers)]
    kinds = {spec.name: spec.kind for spec in run.spec.layers}
    say("\n" + tr("{what}, at step {step}", what=what, step=format.count(run.layers_step)))
    rows = [
        (
            printable(layer.name),
            kinds.get(layer.name, ""),
            *_numbers(shown, layer),
            tr("frozen") * layer.frozen,
        )
        for layer in layers
    ]
    TableConsole().print(grid(("", "", *(each.column for each in shown), ""), rows, left=2))


def _numbers(shown: "Sequence[Quantity]", layer: "LayerSample") -> Iterator[str]:
    return (number(each, layer.value(each)) for each in shown)


def _findings(run: "Snapshot") -> Iterator[str]:
    found = verdicts.most_severe_first(run.verdicts)
    for verdict in found:
        yield _text(verdicts.sentence(verdict))
    if run.watched is not None:
        for row in watched_text.remarks(run, found=bool(found)):
            yield _text(row)
    elif not found:
        yield tr("No verdict yet.")


def _text(row: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in row)
