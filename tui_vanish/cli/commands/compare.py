"""`vanish-tui compare`: train scenarios in lockstep, read runs, then print a ranking and what differs.

It is long because the command has many options, each with its help, and either trains or reads its runs.
"""

import argparse
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.protocol.budget import Budget
from engine.storage.run_index import RunEntry
from engine.tracking.comparison import differences, entrants, to_record
from engine.tracking.in_common import any_watched, common_step, losses, of_some
from engine.tracking.ranking import Entrant, Ranking, left_early, rank
from tui_vanish.cli import options
from tui_vanish.cli.live_table import LiveTable, grid
from tui_vanish.cli.reporters import JsonLines
from tui_vanish.cli.scenario_or_run import scenario_or_run
from tui_vanish.cli.unsaved import report_unsaved
from tui_vanish.compare.ranking import ending, gap, missing, number, point, ranked, span
from tui_vanish.drawing import format
from tui_vanish.jobs import exits
from tui_vanish.jobs.cores import physical_cores
from tui_vanish.jobs.pytorch import require_torch
from tui_vanish.jobs.recorded import read_run
from tui_vanish.jobs.telling import tell
from tui_vanish.jobs.train import Ending, Job, train_all
from tui_vanish.language import marked, tr
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from scenarios.schema import Scenario
    from tui_vanish.cli.printing import TableConsole

EXAMPLES = (
    (
        "vanish-tui compare depth-7 relu adam --epochs 20",
        marked("three scenarios in lockstep, then a ranking"),
    ),
    (
        "vanish-tui compare relu --sweep optimizer.lr=0.01,0.1 --budget 60s",
        marked("two learning rates, 60 s each"),
    ),
    ("vanish-tui compare @last recorded:relu", marked("two runs as they are")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "scenarios",
        metavar="ID|FILE|RUN",
        nargs="+",
        help=tr(
            "scenarios to train, and runs (see vanish-tui runs) to compare as they are now; "
            "@last is the run that was started last; the first of all is the baseline"
        ),
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=options.epochs,
        help=tr("number of epochs (for each stage, if there are several)"),
    )
    parser.add_argument(
        "--budget",
        metavar="BUDGET",
        type=options.budget,
        help=tr(
            "what each run may use: '10 epochs', which its stages share, or a time such as 60s or '2 min' of"
            " training, after which it is stopped and saved"
        ),
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=tr("change a setting of all scenarios, such as model.activation=relu; may be repeated"),
    )
    parser.add_argument(
        "--sweep",
        metavar="KEY=VALUES",
        action="append",
        default=[],
        help=tr(
            "compare each scenario with several values of a setting: a list "
            "(optimizer.lr=0.01,0.1), a range (model.hidden_layers=2..8/2) or equal ratios "
            "(model.init.std=log:0.02:2:5); may be repeated"
        ),
    )
    parser.add_argument(
        "--seeds",
        metavar="K",
        type=options.seeds,
        default=1,
        help=tr("number of seeds per scenario (default: 1)"),
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help=tr("print every event as a JSON line, and the comparison as the last line"),
    )
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train the scenarios, read the runs, and print the comparison; a diverged run is a result."""
    names = list(dict.fromkeys(arguments.scenarios))
    budget = _budget(arguments)
    overrides = [
        *arguments.set,
        *([] if arguments.epochs is None else [f"training.epochs={arguments.epochs}"]),
    ]
    named = [scenario_or_run(name, overrides, getattr(arguments, "runs_dir", None)) for name in names]
    if arguments.budget is not None:
        named = [each if isinstance(each, RunEntry) else budget.within(each) for each in named]
    chosen, labels = _swept(named, arguments.sweep)
    loaded = [each for each in chosen if not isinstance(each, RunEntry)]
    saved = {each.folder: each for each in chosen if isinstance(each, RunEntry)}
    if len(loaded) + len(saved) < 2:
        raise exits.RefusedError(
            tr(
                "compare needs at least two different scenarios or runs (see vanish-tui list, "
                "vanish-tui runs)"
            )
        )
    changes = arguments.set or arguments.sweep or budget != Budget() or arguments.seeds != 1
    if not loaded and changes:
        raise exits.RefusedError(
            tr(
                "--epochs, --budget, --set, --sweep and --seeds are for scenarios; saved runs are "
                "compared as they are"
            )
        )
    if loaded:
        require_torch()
    for entry in saved.values():
        read_run(entry)  # what cannot be read is refused before anything trains
    endings = deque(_train(arguments, loaded, budget.seconds) if loaded else ())
    is_unsaved = report_unsaved(endings)
    stopped_by = endings[0].signal if endings else None
    snapshots: list[Snapshot] = []
    for each in chosen:
        if isinstance(each, RunEntry):
            snapshots.append(read_run(each))
            continue
        for _ in range(arguments.seeds):
            if endings and endings[0].snapshot.scenario_id == each.id:
                snapshots.append(endings.popleft().snapshot)
    compared = entrants(list({run.run: run for run in snapshots}.values()), labels)
    if compared:
        _report(compared, snapshots, json=arguments.json)
    trained = [run for run in snapshots if run.run not in {entry.name for entry in saved.values()}]
    if stopped_by:
        stopped = " ".join(run.run for run in trained if left_early(run) and run.status is Status.STOPPED)
        if stopped:
            tell(tr("stopped and saved; to continue: vanish-tui run --resume {stopped}", stopped=stopped))
        return 128 + stopped_by
    failed = any(run.status is Status.FAILED for run in trained) or (loaded and not trained)
    return exits.FAILED if failed or is_unsaved else 0


def _budget(arguments: argparse.Namespace) -> Budget:
    """What each run may use, from `--budget` or `--epochs`."""
    if arguments.epochs is not None and arguments.budget is not None:
        raise exits.RefusedError(tr("--epochs is a budget, too: give either --epochs or --budget"))
    return arguments.budget or Budget(epochs=arguments.epochs)


def _swept(
    named: "list[Scenario | RunEntry]", sweep: list[str]
) -> "tuple[list[Scenario | RunEntry], dict[str, str]]":
    """What is compared, with each scenario once for each value, and what those variants are called."""
    if not sweep:
        return named, {}
    from scenarios.branches import SWEEP, branches
    from scenarios.grid import parse_axis
    from scenarios.problems import ScenarioError

    several = sum(not isinstance(each, RunEntry) for each in named) > 1
    chosen: list[Scenario | RunEntry] = []
    labels: dict[str, str] = {}
    try:
        axes = [parse_axis(text, SWEEP) for text in sweep]
        for each in named:
            if isinstance(each, RunEntry):
                chosen.append(each)
                continue
            for branch in branches(each, axes):
                chosen.append(branch.scenario)
                labels[branch.scenario.id] = f"{each.id} {branch.label}" if several else branch.label
    except ScenarioError as error:
        raise exits.RefusedError(str(error)) from None
    return chosen, labels


def _train(
    arguments: argparse.Namespace, loaded: "Sequence[Scenario]", seconds: float | None
) -> list[Ending]:
    """Train all scenarios, with all seeds."""
    first, numbers = options.seed(arguments), range(arguments.seeds)
    jobs = [Job(scenario, first + number, seconds) for scenario in loaded for number in numbers]
    settings = options.settings(arguments)
    options.check(settings)
    settings = replace(settings, side_by_side=physical_cores())
    reporter: JsonLines | LiveTable = JsonLines() if arguments.json else LiveTable(len(jobs))
    with reporter:
        return train_all(settings, jobs, reporter)


def _report(compared: Sequence[Entrant], snapshots: "Sequence[Snapshot]", *, json: bool) -> None:
    """Print the comparison, and which runs it leaves out."""
    used = {run.run for entrant in compared for run in entrant.runs}
    for left_out in (run for run in snapshots if run.run not in used):
        tell(
            tr(
                ("{run} is left out: another run has its settings and its seed, and got as far or further"),
                run=left_out.run,
            )
        )
    if json:
        with JsonLines() as lines:
            lines.write(to_record(compared))
    else:
        _print(compared)


def _print(compared: Sequence[Entrant]) -> None:
    """Print the ranking at equal epochs and at equal seconds, then the settings that differ."""
    from tui_vanish.cli.printing import TableConsole

    console = TableConsole()
    heads = ("", tr("scenario"), tr("test acc."), tr("range"), tr("− base"), "")
    tied = False
    if any_watched(compared):
        _print_losses(compared, console)
    ranked = any(place.accuracy is not None for place in rank(compared, "epochs").places)
    for axis in ("epochs", "seconds") if ranked or not any_watched(compared) else ():
        ranking = rank(compared, axis)
        standings = _standings(compared, ranking)
        point_of = _point(compared, ranking)
        if axis == "epochs":
            heading = "\n" + tr("At equal epochs ({point})", point=point_of)
        else:
            heading = "\n" + tr("At equal seconds ({point})", point=point_of)
        tied = tied or any("≈" in cell for row in standings for cell in row)
        console.print(heading, style="bold")
        console.print(grid(heads, standings, left=2))
    if tied:
        console.print(tr("≈ the difference is within the range of the seeds"), style="dim")
    rows = differences(compared)
    labels = [entrant.label for entrant in compared]
    same = (
        tr("All settings that are known are identical.")
        if any_watched(compared)
        else tr("All settings are identical.")
    )
    console.print("\n" + (tr("Settings that differ") if rows else same), style="bold")
    if rows:
        words = [(row.key, *(format.setting(row.key, value) for value in row.values)) for row in rows]
        console.print(grid(("", *labels), words, left=99))
    if some := of_some(compared):
        console.print("\n" + tr("Only in some"), style="bold")
        console.print(grid(("", ""), [(name, ", ".join(having)) for name, having in some.items()], left=99))


def _print_losses(compared: Sequence[Entrant], console: "TableConsole") -> None:
    """Print the losses at the last step that all have: watched runs may have no test accuracy."""
    step = common_step(compared)
    where = (
        tr("step {step}, the last that all have", step=format.count(step))
        if step
        else tr("one run has no loss")
    )
    console.print("\n" + tr("Loss ({where})", where=where), style="bold")
    rows = [
        (entrant.label, format.count(entrant.furthest.step), format.fixed(loss), _verdicts(entrant))
        for entrant, loss in zip(compared, losses(compared, step), strict=True)
    ]
    console.print(grid((tr("run"), tr("steps"), tr("loss"), ""), rows, left=1))


def _point(compared: Sequence[Entrant], ranking: Ranking) -> str:
    """The epoch, or the seconds, at which all are compared, and why, if one of them got further."""
    if not ranking.at:
        return point(ranking)
    at = point(ranking).removeprefix("epoch ")
    ends = {run.results[-1].epoch for entrant in compared for run in entrant.runs if run.results}
    if ranking.axis == "seconds" or len(ends) == 1:
        return at
    return tr("{at}, the last that {runs} have", at=at, runs=ranked(ranking))


def _standings(compared: Sequence[Entrant], ranking: Ranking) -> list[tuple[str, ...]]:
    base = next(place for place in ranking.places if place.label == compared[0].label)
    known = {entrant.label: entrant for entrant in compared}
    return [
        (
            number(place),
            place.label,
            format.percent(place.accuracy, 1),
            span(place),
            "base" if place is base else gap(place, base),
            " · ".join(
                part
                for part in (
                    ending(place, ranking),
                    missing(place, ranking),
                    _verdicts(known[place.label]),
                )
                if part
            ),
        )
        for place in ranking.places
    ]


def _verdicts(entrant: Entrant) -> str:
    return ", ".join(verdict.kind.replace("_", " ") for verdict in entrant.furthest.verdicts)
