"""`vanish-tui code`: a scenario as a plain PyTorch script."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from engine.storage.run_index import RunEntry
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.output_file import check_output, write_output
from tui_vanish.cli.scenario_or_run import scenario_or_run
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr

if TYPE_CHECKING:
    from scenarios.schema import Scenario

EXAMPLES = (
    ("vanish-tui code depth-7", marked("print the script")),
    ("vanish-tui code adam -o adam.py", marked("write it to a file; then: python adam.py FOLDER")),
    (
        "vanish-tui code relu --set optimizer.lr=0.05 -o relu.py",
        marked("with another value in the scenario"),
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "scenario",
        metavar="ID|FILE|RUN",
        help=tr("id of a scenario, a scenario file, or a run, whose scenario and seed are taken"),
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="overrides",
        help=tr("change a value of the scenario; repeat it for more"),
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help=tr("write the script to this file"))
    parser.add_argument("--force", action="store_true", help=tr("overwrite a file that exists"))
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the script, or write it."""
    from engine.export.script import NoScript, script

    scenario, seed = _wanted(arguments)
    overrides = [word for each in arguments.overrides for word in ("--set", each)]
    command = shlex.join(["vanish-tui", "code", arguments.scenario, *overrides])
    try:
        text = script(scenario, command, seed)
    except NoScript as error:
        raise RefusedError(
            tr("there is no script yet for networks of the kind {kind}, only for mlp", kind=error)
        ) from None
    path = arguments.output
    if path is None:
        say(text.rstrip("\n"))
        return 0
    check_output(path, force=arguments.force)
    write_output(path, text)
    say(tr("script written: {path}", path=path))
    return 0


def _wanted(arguments: argparse.Namespace) -> "tuple[Scenario, int]":
    """The scenario and the seed."""
    from engine.protocol.spec import NotARunSpec
    from tui_vanish.jobs.recorded import read_run

    found = scenario_or_run(arguments.scenario, arguments.overrides, getattr(arguments, "runs_dir", None))
    if not isinstance(found, RunEntry):
        return found, options.DEFAULT_SEED
    if arguments.overrides:
        raise RefusedError(tr("--set changes a scenario, and {name} is a run", name=found.name))
    run = read_run(found)
    try:
        return run.spec.scenario(), run.seed if run.seed is not None else options.DEFAULT_SEED
    except NotARunSpec as error:
        raise RefusedError(printable(f"{found.name}: {error}")) from None
