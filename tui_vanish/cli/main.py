"""The command line: `vanish-tui` alone opens the app; the commands work without it."""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from tui_vanish.cli.command_parser import Command, WithExamples
from tui_vanish.cli.importing import ending_at_once
from tui_vanish.cli.language import add_language_option, begin_in_the_users_language
from tui_vanish.cli.options import (
    Parser,
    add_training_options,
    check,
    has_terminal,
    refresh,
    settings,
)
from tui_vanish.cli.read_only import add_read_only_option, is_read_only
from tui_vanish.jobs.exits import FAILED, WRONG_USE, FailedError, LeaveAtOnce, RefusedError
from tui_vanish.jobs.telling import say, tell
from tui_vanish.language import marked, tr
from tui_vanish.language.below import spoken

COMMANDS = {
    "list": marked("list all scenarios"),
    "show": marked("print one scenario with all its settings, or one run with its numbers"),
    "code": marked("write a scenario as a PyTorch script that trains to the same losses"),
    "validate": marked("check scenario files and lectures, and report every problem"),
    "run": marked("train a scenario without the app, or resume saved runs"),
    "compare": marked("train several scenarios in lockstep, and rank them"),
    "sweep": marked("train a grid of runs, such as all depths with all learning rates"),
    "reproduce": marked("train the slides' scenarios and compare the results with the published ones"),
    "runs": marked("list the runs that were trained here"),
    "record": marked("run a Python program unchanged, and record every model that it trains"),
    "watch": marked("show a run that another process trains, without changing it"),
    "stop": marked("save runs that other processes train, and end those processes"),
    "tag": marked("show, add or remove the tags of a saved run"),
    "rename": marked("give a saved run a name of your own"),
    "rm": marked("delete saved runs, or restore what was deleted in the last 24 hours"),
    "report": marked("write runs as one HTML file with charts, which needs no network"),
    "export": marked("write a run's numbers as CSV or for TensorBoard"),
    "serve": marked("show the app in a browser, at an address with a secret token"),
    "completion": marked("print what lets a shell complete commands, scenario ids, run names and settings"),
    "lecture": marked("give or take the lecture of the slides, step by step"),
    "bench": marked("measure how fast this machine trains, compared with its own limit"),
    "doctor": marked("check what this machine has for training: device, data, terminal, folders"),
}

_OPEN_THE_APP = ("serve", "lecture", "watch")
_EPILOG = marked(
    "Without a command, the app opens. `vanish-tui COMMAND --help` explains a command and its options."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    begin_in_the_users_language(arguments)
    try:
        if "_ARGCOMPLETE" in os.environ:  # a shell asks for completions
            from tui_vanish.cli.completion import complete

            complete(parser())
        code = _dispatch(parser().parse_args(arguments))
        sys.stdout.flush()
        return code
    except (RefusedError, FailedError) as reason:
        tell(spoken(str(reason)))
        return WRONG_USE if isinstance(reason, RefusedError) else FAILED
    except LeaveAtOnce as leaving:
        os._exit(leaving.code)  # the engine's thread can't be joined while it imports torch
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader closed our output, as `head` does: not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        if "tui_vanish.jobs.signals" in sys.modules:
            from tui_vanish.jobs.signals import dismiss

            dismiss()


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line: the app's options and every command."""
    parser = Parser(
        prog="vanish-tui",
        description=tr("A terminal laboratory for vanishing and exploding gradients."),
        epilog=tr(_EPILOG),
    )
    parser.add_argument("--version", action=_Version, nargs=0, help=tr("print the version and exit"))
    add_language_option(parser)
    add_training_options(parser)
    screen = parser.add_argument_group(tr("screen"))
    screen.add_argument(
        "--refresh", type=refresh, metavar="HZ", help=tr("screen updates per second (default: 2)")
    )
    screen.add_argument("--ascii", action="store_true", help=tr("draw without braille and box characters"))
    screen.add_argument(
        "--mouse",
        action=argparse.BooleanOptionalAction,
        help=tr("use the mouse (default: not over SSH, where it would prevent selecting text)"),
    )
    add_read_only_option(screen)
    commands = parser.add_subparsers(
        title=tr("commands"), dest="command", metavar="COMMAND", parser_class=Command
    )
    for name, sentence in COMMANDS.items():
        text = tr(sentence)
        commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", formatter_class=WithExamples
        )
    return parser


class _Version(argparse.Action):
    """Looks up the version only when it is asked for, because that takes time."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        say(f"vanish-tui {version('vanish-tui')}")
        parser.exit()


def _dispatch(arguments: argparse.Namespace) -> int:
    if arguments.command is None:
        return _open_app(arguments)
    if is_read_only(arguments) and arguments.command not in _OPEN_THE_APP:
        raise RefusedError(tr("--read-only is for the app, not for {command}", command=arguments.command))
    code: int = arguments.run(arguments)
    return code


def _open_app(arguments: argparse.Namespace) -> int:
    if not has_terminal():
        raise RefusedError(tr("the app needs a terminal; without one, use vanish-tui run ID (see --help)"))
    # Almost nothing becomes garbage before the first frame; then the app turns the collector on again.
    gc.disable()
    from tui_vanish.jobs.cores import spare_cores

    chosen = replace(settings(arguments), side_by_side=spare_cores())
    check(chosen)
    with ending_at_once():
        from tui_vanish.cli.open_app import engine_for, open_app

    return open_app(arguments, engine_for(arguments, chosen))
