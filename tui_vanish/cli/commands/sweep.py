"""`vanish-tui sweep`: train a grid of runs, or continue with one.

It is long because the command has many options, each with its help and its checks.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from engine.data.idx import DataError
from engine.sweeps.folder import Means, NotASweep, SweepFolder
from engine.sweeps.results import CellResult, results
from engine.sweeps.same_data import check_data
from scenarios.problems import ScenarioError, printable
from scenarios.sweep import Cell, Sweep, sweep_of, with_settings
from scenarios.sweep_files import built_in_sweeps, is_sweep_file, load_sweep
from tui_vanish.cli import options
from tui_vanish.cli.reporters import JsonLines
from tui_vanish.cli.sweep_reports import SweepLines, sweep_record, sweep_table
from tui_vanish.drawing import format
from tui_vanish.jobs import exits
from tui_vanish.jobs.pytorch import require_torch
from tui_vanish.jobs.telling import say, tell
from tui_vanish.language import marked, plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.sweeps.find import find_sweep
from tui_vanish.sweeps.lead import Lead, Outcome
from tui_vanish.sweeps.places import places
from tui_vanish.sweeps.processes import Processes
from tui_vanish.sweeps.tasks import Executor
from vanish_recorder.storage.paths import default_runs_folder, new_run_name
from vanish_recorder.storage.run_lock import RunInUse, RunLock

if TYPE_CHECKING:
    from engine.runtime.state import Settings

_PATIENCE = 30.0  # seconds for the runs of a killed sweep to be saved
_GLANCE = 0.2
EXAMPLES = (
    ("vanish-tui sweep depth-7 --grid optimizer.lr=0.01,0.1 --epochs 5", marked("a run for each value")),
    ("vanish-tui sweep map-sigmoid --detach", marked("a sweep of the program, in the background")),
    ("vanish-tui sweep --resume map-sigmoid", marked("only what is missing")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "base",
        metavar="BASE",
        nargs="?",
        help=tr(
            (
                "a scenario (see vanish-tui list), a scenario file, a sweep file, or a sweep that is "
                "part of the program: {built_in_sweeps}"
            ),
            built_in_sweeps=", ".join(built_in_sweeps()),
        ),
    )
    parser.add_argument(
        "--grid",
        metavar="KEY=VALUES",
        action="append",
        default=[],
        help=tr(
            "a setting that varies: a list (optimizer.lr=0.01,0.1), a range "
            "(model.hidden_layers=2..32/2) or values at equal ratios "
            "(model.init.std=log:0.02:2:9); may be repeated"
        ),
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=tr("change a setting of all runs, such as model.activation=relu; may be repeated"),
    )
    parser.add_argument(
        "--large",
        action="store_true",
        help=tr("the larger form of a sweep, for a machine with GPUs: the table [large] of its file"),
    )
    parser.add_argument("--epochs", metavar="N", type=options.epochs, help=tr("number of epochs of each run"))
    parser.add_argument(
        "--seeds",
        metavar="K",
        type=options.seeds,
        help=tr("number of runs for each combination (default: 1)"),
    )
    parser.add_argument("--name", metavar="NAME", help=tr("a name for the list of runs and for --resume"))
    parser.add_argument(
        "--resume", metavar="NAME", help=tr("continue with a sweep: only what is missing is trained")
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=options.jobs,
        help=tr("how many runs train at the same time (default: one per core, or --per-gpu per GPU)"),
    )
    parser.add_argument(
        "--per-gpu",
        metavar="N",
        type=options.jobs,
        default=1,
        help=tr("how many runs share a GPU (default: 1)"),
    )
    parser.add_argument(
        "--ray",
        metavar="HOST:PORT",
        nargs="?",
        type=options.ray_address,
        const="",
        help=tr(
            "train on a Ray cluster: the one with this address, the one that runs here, or a new "
            "one on this machine"
        ),
    )
    parser.add_argument(
        "--keep-checkpoints",
        action="store_true",
        help=tr("keep the checkpoint and every sample of each run (default: finished runs keep neither)"),
    )
    parser.add_argument("--yes", action="store_true", help=tr("do not ask, however long it will take"))
    parser.add_argument(
        "--json", action="store_true", help=tr("print each run as a JSON line, then the sweep")
    )
    parser.add_argument(
        "--detach",
        action="store_true",
        help=tr("train in the background; training survives a closed terminal"),
    )
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train what is missing, and print the table."""
    require_torch()
    folder, cells = _resumed(arguments) if arguments.resume else _new(arguments)
    if arguments.detach:
        return _detach(folder, cells, arguments)
    return _train(folder, cells, arguments)


def _new(arguments: argparse.Namespace) -> tuple[SweepFolder, list[Cell]]:
    """Check the whole sweep, and make its folder."""
    if arguments.base is None:
        raise exits.RefusedError(
            tr("sweep needs a scenario, a sweep, or --resume NAME (see vanish-tui sweep --help)")
        )
    settings = options.settings(arguments)
    _check(settings, arguments)
    if settings.choose_threads:
        raise exits.RefusedError(tr("--threads auto is for one run: a sweep uses the cores for several runs"))
    try:
        sweep = _sweep(arguments)
        cells = sweep.cells()
    except ScenarioError as error:
        raise exits.RefusedError(str(error)) from None
    data = None if settings.data is None else str(settings.data)
    if data not in (None, "sample"):
        data = os.path.abspath(data)
    means = Means(settings.device, data, settings.threads, arguments.keep_checkpoints)
    runs = settings.runs_dir or default_runs_folder()
    try:
        return SweepFolder.create(runs.absolute() / new_run_name(sweep.name), sweep, means), cells
    except OSError as error:
        raise exits.RefusedError(
            tr(
                "the sweep cannot be saved in {runs}: {strerror}",
                runs=printable(str(runs)),
                strerror=error.strerror,
            )
        ) from None


def _sweep(arguments: argparse.Namespace) -> Sweep:
    """The sweep that the command line describes."""
    from scenarios.grid import parse_axis
    from vanish_recorder.storage.paths import name_in_folder

    seed, own = options.seed(arguments), options.user_scenarios()
    base = arguments.base
    changes = list(arguments.set)
    if arguments.epochs is not None:
        changes.append(f"training.epochs={arguments.epochs}")
    axes = {axis.key: axis for axis in map(parse_axis, arguments.grid)}
    if len(axes) < len(arguments.grid):
        raise exits.RefusedError(tr("--grid names the same setting twice: give all its values at once"))
    file = built_in_sweeps().get(base) or (Path(base) if is_sweep_file(Path(base)) else None)
    if file is None:
        if arguments.large:
            raise exits.RefusedError(tr("--large needs a sweep or a sweep file, not a scenario"))
        scenario = options.load_scenario(base, changes)
        name = name_in_folder(arguments.name or scenario.id)
        return sweep_of(name, scenario, list(axes.values()), seeds=arguments.seeds or 1, seed=seed)
    loaded = load_sweep(file, large=arguments.large, seed=seed, user_dir=own)
    given = {axis.key: axis for axis in loaded.axes} | axes
    return sweep_of(
        name_in_folder(arguments.name or loaded.name),
        with_settings(loaded.base, changes),
        list(given.values()),
        seeds=arguments.seeds or loaded.seeds,
        seed=seed,
        title=loaded.title,
        question=loaded.question,
    )


def _resumed(arguments: argparse.Namespace) -> tuple[SweepFolder, list[Cell]]:
    own = ("base", "large", "grid", "set", "epochs", "seeds", "name", "keep_checkpoints")
    given = [name for name in own if getattr(arguments, name)]
    given += [name for name in ("device", "data", "seed", "threads") if hasattr(arguments, name)]
    if given:
        names = ", ".join("BASE" if name == "base" else f"--{name.replace('_', '-')}" for name in given)
        raise exits.RefusedError(
            tr("--resume takes no {names}: a sweep keeps what it began with", names=names)
        )
    path = find_sweep(arguments.resume, getattr(arguments, "runs_dir", None))
    try:
        folder = SweepFolder.read(path)
        cells = folder.sweep.cells()
    except (NotASweep, ScenarioError) as error:
        first, *more = map(spoken, str(error).splitlines())  # a line for each problem
        lines = [tr("{name} cannot be continued: {error}", name=path.name, error=first), *more]
        raise exits.RefusedError("\n".join(map(printable, lines))) from None
    settings = replace(
        options.settings(arguments),
        device=folder.means.device,
        data=Path(folder.means.data) if folder.means.data else None,
    )
    _check(settings, arguments)
    try:
        check_data(folder, cells)
    except DataError as error:
        raise exits.RefusedError(
            printable(tr("{name} cannot be continued: {error}", name=path.name, error=spoken(str(error))))
        ) from None
    return folder, cells


def _check(settings: "Settings", arguments: argparse.Namespace) -> None:
    """Check data, folder and devices: with --ray, the devices are those of the cluster."""
    if arguments.ray is None:
        options.check(settings)
        return
    from tui_vanish.sweeps import ray_cluster

    ray_cluster.check(arguments.ray, settings.device)
    options.check(replace(settings, device="cpu"))


def _train(folder: SweepFolder, cells: list[Cell], arguments: argparse.Namespace) -> int:
    lock = _locked(folder)
    try:
        _wait_for_saves(folder)
        executor = _executor(folder, arguments)
        with SweepLines(folder, cells, json=arguments.json) as lines:
            lines.begin(results(folder, cells), executor.slots)
            lead = Lead(folder, cells, executor, lines, lock, None if arguments.yes else _ask)
            outcome = lead.run()
        rows = results(folder, cells)
    except OSError as error:
        raise exits.FailedError(f"{folder.path}: {error.strerror}") from None
    finally:
        lock.release()
    return _end(folder, rows, outcome, json=arguments.json)


def _executor(folder: SweepFolder, arguments: argparse.Namespace) -> Executor:
    """What trains the runs."""
    if arguments.ray is None:
        where = places(folder.means.device, arguments.jobs, arguments.per_gpu, folder.means.threads)
        return Processes(folder.path, folder.means, where)
    from tui_vanish.sweeps.ray_cluster import RayCluster

    cluster = RayCluster(folder.path, folder.means, arguments.ray, arguments.jobs, arguments.per_gpu)
    cluster.connect(tell)
    return cluster


def _locked(folder: SweepFolder) -> RunLock:
    try:
        return RunLock(folder.path)
    except RunInUse as error:
        who = str(error.owner or tr("another process"))
        raise exits.RefusedError(
            tr("{name} is being trained by {who}", name=folder.path.name, who=spoken(who))
        ) from None
    except OSError as error:
        raise exits.RefusedError(printable(f"{folder.path}: {error.strerror}")) from None


def _wait_for_saves(folder: SweepFolder) -> None:
    """Wait until no other process trains one of the runs: those of a killed sweep save them, and end."""
    until, told = monotonic() + _PATIENCE, False
    while live := [entry for entry in folder.entries().values() if entry.owner is not None]:
        if monotonic() >= until:
            raise exits.RefusedError(
                tr(
                    "{name} is being trained by {owner}; wait until it has ended",
                    name=live[0].name,
                    owner=spoken(str(live[0].owner)),
                )
            )
        if not told:
            tell(
                tr(
                    "waiting for {owner}, which saves {name}",
                    owner=spoken(str(live[0].owner)),
                    name=live[0].name,
                )
            )
            told = True
        sleep(_GLANCE)


def _ask(seconds: float) -> bool:
    """Ask whether a long sweep should continue; without a terminal, it does."""
    how_long = tr("this will take about {time}", time=format.duration(seconds))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        tell(how_long)
        return True
    say("\n" + tr("{how_long}; continue? [Y/n]", how_long=how_long) + " ", end="", error=True)
    return sys.stdin.readline().strip().lower() not in ("n", "no")


def _end(folder: SweepFolder, rows: Sequence[CellResult], outcome: Outcome, *, json: bool) -> int:
    """Print the table, and what is missing; returns the exit code."""
    missing = [row for row in rows if not row.is_done]
    if json:
        with JsonLines() as lines:
            lines.write(sweep_record(folder, rows))
    else:
        sweep_table(folder, rows)
    for problem in outcome.problems:
        tell(spoken(problem))
    if missing:
        tell(
            plural(
                "{number} run is missing; to continue: vanish-tui sweep --resume {name}",
                "{number} runs are missing; to continue: vanish-tui sweep --resume {name}",
                len(missing),
                name=folder.path.name,
            )
        )
    if outcome.signal:
        return 128 + outcome.signal
    return exits.FAILED if outcome.problems else 0


def _detach(folder: SweepFolder, cells: list[Cell], arguments: argparse.Namespace) -> int:
    from tui_vanish.sweeps.background import detach

    if all(row.is_done for row in results(folder, cells)):
        say(printable(folder.path.name))
        tell(
            plural(
                "the only run is done: there is nothing to train",
                "all {number} runs are done: there is nothing to train",
                len(cells),
            )
        )
        return 0
    words = ["--per-gpu", str(arguments.per_gpu)]
    if arguments.jobs is not None:
        words += ["--jobs", str(arguments.jobs)]
    if arguments.ray is not None:
        words += ["--ray", arguments.ray] if arguments.ray else ["--ray"]
    detach(folder.path, words)
    say(printable(folder.path.name))
    tell(tr("training in the background; vanish-tui runs shows how far it is"))
    return 0
