"""`vanish-tui record`: run a Python program unchanged, and record every model that it trains."""

import argparse
import os
import sys
from pathlib import Path

from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.jobs import passing_on, python_command
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import tell
from tui_vanish.language import marked, tr
from vanish_recorder.automatic.environment import recorded_environment
from vanish_recorder.automatic.report import open_report, sentence
from vanish_recorder.storage.paths import default_runs_folder, obstacle

_EXAMPLE = "vanish-tui record -- python train.py"
EXAMPLES = (
    ("vanish-tui record -- python train.py --epochs 3", marked("run a script and record its models")),
    (
        "vanish-tui record --every 10 -- torchrun --nproc-per-node 2 train.py",
        marked("measure every tenth step of a distributed training"),
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.usage = "vanish-tui record [OPTIONS] -- COMMAND..."
    parser.add_argument(
        "--name",
        type=_name,
        metavar="N",
        help=tr("name of the run (default: of the script and of the model)"),
    )
    options.add_runs_option(parser)
    parser.add_argument(
        "--every",
        type=_every,
        default="auto",
        metavar="auto|N",
        help=tr("measure every N-th step (default: auto, as often as it costs at most 2 %% of the time)"),
    )
    parser.add_argument("--quiet", action="store_true", help=tr("print nothing but what the program prints"))
    parser.add_argument(
        "program",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help=tr(
            "python script.py ARGS, python -m pkg, torchrun ..., accelerate launch ..., or a "
            "program that starts one of them; its exit code is the exit code"
        ),
    )


def run(arguments: argparse.Namespace) -> int:
    """Become the command if it is a Python program; else run it, and say at its end what was recorded."""
    command = arguments.program[1:] if arguments.program[:1] == ["--"] else arguments.program
    if not command:
        raise RefusedError(tr("there is no command to record; write {example}", example=_EXAMPLE))
    if command[0].startswith("-"):
        raise RefusedError(
            tr(
                "unknown option {command}; a command follows after --: {example}",
                command=repr(command[0]),
                example=_EXAMPLE,
            )
        )
    program = _found(command[0])
    runs_dir: Path | None = getattr(arguments, "runs_dir", None)
    if reason := obstacle(runs_dir or default_runs_folder()):
        raise RefusedError(printable(options.runs_cannot_be_saved(reason)))
    descriptor, report = open_report()
    environment = recorded_environment(
        os.environ,
        report,
        name=arguments.name,
        runs_dir=runs_dir,
        every=arguments.every,
        quiet=arguments.quiet,
    )
    hindrance = python_command.obstacle(program, command[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if hindrance is None:
            passing_on.become(str(program), command, environment)
        code = passing_on.run_to_its_end(str(program), command, environment)
    except OSError as error:
        raise RefusedError(
            printable(
                tr("{command} cannot be started: {strerror}", command=command[0], strerror=error.strerror)
            )
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        text = sentence(file.read().decode(errors="replace"), hindrance or "")
    if text and not arguments.quiet:
        tell(text)
    return passing_on.end_like(code)


def _found(name: str) -> Path:
    try:
        return python_command.find_program(name)
    except PermissionError:
        if name.endswith(".py"):
            text = tr("{name} is not executable; write {example}", name=name, example=_EXAMPLE)
        else:
            text = tr("{name} is not executable", name=name)
        raise RefusedError(printable(text)) from None
    except FileNotFoundError:
        raise RefusedError(
            printable(tr("there is no program {name}; write {example}", name=repr(name), example=_EXAMPLE))
        ) from None


def _name(text: str) -> str:
    if not text.strip() or "/" in text or len(text) > 100 or text != printable(text):
        raise argparse.ArgumentTypeError(
            tr("expected a name of up to 100 characters without /, found {text}", text=repr(text))
        )
    return text.strip()


def _every(text: str) -> int | str:
    if text == "auto":
        return text
    try:
        steps = int(text)
    except ValueError:
        steps = 0
    if steps < 1:
        raise argparse.ArgumentTypeError(
            tr("expected auto or a number of steps from 1, found {text}", text=repr(text))
        )
    return steps
