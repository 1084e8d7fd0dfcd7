"""What a report says of a run, read from its folder: its state, and every verdict that it ever had."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.protocol.spec import NotARunSpec
from engine.storage.log_reader import LogReader, iterate_events
from engine.tracking.comparison import entrants
from engine.tracking.ranking import Entrant
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.recorded import read_run
from tui_vanish.language import tr
from vanish_recorder.protocol.events import Paused, Resumed, RunEvent, VerdictChanged
from vanish_recorder.storage.log_file import EVENTS

if TYPE_CHECKING:
    from engine.meanfield.prediction import Prediction
    from engine.storage.run_index import RunEntry
    from engine.tracking.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict from its first to its last step.

    Attributes:
        verdict: as it was last said.
        since: the first step at which it was true, after its last end if it had ended before.
        until: the step at which it ended; None if it holds at the end of the run.
    """

    verdict: VerdictChanged
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class ReportRun:
    """One run of a report.

    Attributes:
        name: of its folder.
        label: what it is called in the report; no two runs have the same.
        run: its state.
        findings: its verdicts, in the order in which they began.
        pauses: its pauses and continuations.
        prediction: of theory for its first step; None if there is none.
    """

    name: str
    label: str
    run: "Snapshot"
    findings: tuple[Finding, ...]
    pauses: tuple[Paused | Resumed, ...]
    prediction: "Prediction | None"


def gather(entries: "Sequence[RunEntry]") -> tuple[list[ReportRun], tuple[Entrant, ...]]:
    """Read the runs of a report, and group those that differ only in their seed.

    Raises:
        RefusedError: one of them cannot be read, or has not begun.
    """
    seen = [read_run(entry) for entry in entries]
    groups = entrants(seen)
    labels = _labels(entries, seen, groups)
    found = []
    for entry, run in zip(entries, seen, strict=True):
        findings, pauses = _history(entry)
        found.append(ReportRun(entry.name, labels[entry.name], run, findings, pauses, _prediction(run)))
    if len(entries) > 1 and all(len(group.runs) == 1 for group in groups):
        groups = tuple(replace(group, label=labels[group.runs[0].run]) for group in groups)
    return found, groups


def _labels(
    entries: "Sequence[RunEntry]", seen: "Sequence[Snapshot]", groups: Sequence[Entrant]
) -> dict[str, str]:
    """What to call each run: the name that its user gave it, or else that of its scenario."""
    called = {run.run: group.label for group in groups for run in group.runs}
    several = {run.run for group in groups if len(group.runs) > 1 for run in group.runs}
    labels: dict[str, str] = {}
    for entry, run in zip(entries, seen, strict=True):
        label = entry.labels.name or called.get(entry.name, run.scenario_id)
        if entry.name in several:
            label = tr("{label}, seed {seed}", label=label, seed=run.seed)
        labels[entry.name] = entry.name if label in labels.values() else label
    return labels


def _history(entry: "RunEntry") -> tuple[tuple[Finding, ...], tuple[Paused | Resumed, ...]]:
    open_ones: dict[tuple[str, str | None], int] = {}
    found: list[Finding] = []
    pauses: list[Paused | Resumed] = []
    try:
        for event in iterate_events(entry.folder / EVENTS, LogReader()):
            _follow(event, open_ones, found)
            if isinstance(event, Paused | Resumed):
                pauses.append(event)
    except OSError as error:
        raise RefusedError(f"{entry.name}: {error.strerror}") from None
    return tuple(found), tuple(pauses)


def _follow(event: RunEvent, open_ones: dict[tuple[str, str | None], int], found: list[Finding]) -> None:
    if not isinstance(event, VerdictChanged):
        return
    key = event.kind, event.layer
    if event.state == "ended":
        if (place := open_ones.pop(key, None)) is not None:
            found[place] = replace(found[place], until=event.step)
    elif key in open_ones:
        found[open_ones[key]] = replace(found[open_ones[key]], verdict=event)
    else:
        open_ones[key] = len(found)
        ends = [each.until for each in found if (each.verdict.kind, each.verdict.layer) == key and each.until]
        found.append(Finding(event, max([event.since_step, *ends]), None))


def _prediction(run: "Snapshot") -> "Prediction | None":
    if run.watched is not None:
        return None
    from engine.meanfield.prediction import prediction_to_show

    try:
        return prediction_to_show(run.spec.scenario())
    except NotARunSpec:
        return None
