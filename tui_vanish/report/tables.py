"""What a report says in words and tables: what was trained, what differs, results, how to make it again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.tracking.comparison import differences
from tui_vanish.drawing import format
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor import origin_text, verdicts, watched_text
from tui_vanish.report.gather import Finding, ReportRun
from tui_vanish.session import prose

if TYPE_CHECKING:
    from engine.tracking.ranking import Entrant


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading for each column; the first cell of a row names it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def about(runs: Sequence[ReportRun]) -> Table:
    """What was trained: a row per run."""
    rows = []
    for each in runs:
        run = each.run
        title = prose.text(run.spec.id, "title", run.spec.title) or run.scenario_id
        if run.started is not None:
            where = origin_text.of_started(run.started)
            size = format.count(run.started.parameters)
            seed = str(run.seed)
        else:
            started = run.watched.started if run.watched else None
            where, seed = watched_text.in_brief(run), ""
            size = format.count(started.parameters) if started else ""
        rows.append((each.label, title, seed, size, where, each.name))
    columns = (
        tr("run"),
        tr("what it is"),
        tr("seed"),
        tr("parameters"),
        tr("trained on"),
        tr("name of the run"),
    )
    return Table(tr("What was trained"), columns, tuple(rows))


def differing(groups: "Sequence[Entrant]") -> Table | None:
    """The settings that differ between runs; None if there is nothing to compare."""
    if len(groups) < 2:
        return None
    rows = tuple(
        (row.key, *(format.setting(row.key, value) for value in row.values)) for row in differences(groups)
    )
    columns = (tr("setting"), *(group.label for group in groups))
    return Table(tr("What differs"), columns, rows) if rows else None


def results(runs: Sequence[ReportRun]) -> Table:
    """The last numbers of each run, the best test accuracy first."""
    ordered = sorted(runs, key=lambda each: -(_accuracy(each) or -1.0))
    rows = []
    for each in ordered:
        run, end = each.run, each.run.last_epoch
        leading = verdicts.leading(run)
        rows.append(
            (
                each.label,
                spoken(str(run.status)),
                str(run.epoch) if run.epoch else "",
                format.count(run.step),
                format.duration(run.time),
                _loss(end.train_loss if end else run.loss),
                _share(end.train_accuracy if end else None),
                _loss(end.test_loss if end else None),
                _share(end.test_accuracy if end else None),
                _share(run.best_test_accuracy),
                leading.kind.replace("_", " ").upper() if leading else "",
            )
        )
    columns = (
        tr("run"), tr("status"), tr("epochs"), tr("steps"), tr("time"), tr("training loss"),
        tr("training accuracy"), tr("test loss"), tr("test accuracy"), tr("best test accuracy"),
        tr("verdict"),
    )  # fmt: skip
    return Table(tr("Results"), columns, tuple(rows))


def findings(each: ReportRun) -> Table:
    """Every verdict that a run had, with its sentence and numbers."""
    rows = tuple(_finding(found) for found in each.findings)
    columns = (tr("verdict"), tr("layer"), tr("steps"), tr("why"), tr("numbers"))
    return Table(tr("Verdicts of {run}", run=each.label), columns, rows)


def _finding(found: Finding) -> tuple[str, ...]:
    verdict = found.verdict
    since = format.count(found.since)
    if found.until is None:
        steps = tr("from {step} to the end", step=since)
    else:
        steps = tr("from {step} to {until}", step=since, until=format.count(found.until))
    numbers = "; ".join(f"{name} {value}" for name, value in verdicts.evidence(verdict))
    words = f"{spoken(verdict.text)} {spoken(verdict.cure)}".strip()
    return verdict.kind.replace("_", " ").upper(), verdict.layer or "", steps, words, numbers


def remarks(each: ReportRun) -> list[str]:
    """What else there is to know of a watched run."""
    if each.run.watched is None:
        return []
    rows = watched_text.remarks(each.run, found=bool(each.run.verdicts))
    return ["".join(piece.text for piece in row) for row in rows]


def command(each: ReportRun) -> str:
    """The command that makes a run again."""
    run = each.run
    if run.watched is not None:
        return watched_text.script_line(run)
    from engine.protocol.spec import NotARunSpec
    from engine.storage.origin import Origin
    from scenarios.index import built_in
    from tui_vanish.monitor.present import command_line

    origin = Origin.of_event(run.started) if run.started is not None else None
    data = str(origin.data_option or "") if origin is not None and not run.is_recorded else ""
    try:
        return command_line(run, has_file=run.scenario_id in built_in() and _is_as_built_in(each), data=data)
    except NotARunSpec:
        return f"vanish-tui run {run.scenario_id} --seed {run.seed}"


def _is_as_built_in(each: ReportRun) -> bool:
    """Whether the run has the values of the scenario of its name, which comes with the program."""
    import scenarios
    from engine.protocol.spec import NotARunSpec

    try:
        mine = each.run.spec.scenario()
    except NotARunSpec:
        return True
    return mine.numbers() == scenarios.load(each.run.scenario_id).numbers()


def versions(each: ReportRun) -> str:
    """With which versions a run was trained."""
    run = each.run
    if run.started is not None:
        listed: Any = run.started.versions
    else:
        listed = run.spec.record.get("versions")
    items = listed.items() if isinstance(listed, dict) else ()
    return " · ".join(f"{name} {value}" for name, value in items if value)


def settings(each: ReportRun) -> Iterator[tuple[str, str]]:
    """All settings of a run, by dotted key."""
    from engine.tracking.comparison import settings as of_run

    for key, value in of_run(each.run, each.run.started).items():
        yield key, format.setting(key, value)
    if each.run.watched is not None:
        yield from watched_text.details(each.run)


def _accuracy(each: ReportRun) -> float | None:
    return each.run.last_epoch.test_accuracy if each.run.last_epoch else None


def _loss(value: float | None) -> str:
    return "" if value is None else format.fixed(value).strip()


def _share(value: float | None) -> str:
    return "" if value is None else format.percent(value, 2).strip()
