"""`vanish-tui lecture`: the slides' session, step by step, or a lecture of one's own."""

import argparse
import gc
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import scenarios
from scenarios.lecture import Lecture
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.importing import ending_at_once
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import say
from tui_vanish.language import current, marked, plural, tr

if TYPE_CHECKING:
    from tui_vanish.app import VanishApp


EXAMPLES = (
    ("vanish-tui lecture", marked("the slides' session, where you left it")),
    ("vanish-tui lecture --large --no-questions --lang vi", marked("for a class, in Vietnamese")),
    ("vanish-tui lecture mine.toml", marked("a lecture of your own")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, help=tr("a lecture file (default: that of the slides)")
    )
    parser.add_argument("--no-questions", action="store_true", help=tr("ask no questions"))
    parser.add_argument("--large", action="store_true", help=tr("fewer and larger things, for a room"))
    parser.add_argument("--list", action="store_true", help=tr("print the steps, and open nothing"))
    parser.add_argument("--json", action="store_true", help=tr("print them as JSON"))
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Open the lecture in the app, or list its steps."""
    from scenarios.lecture_files import COURSE, load_lecture

    path = arguments.file or COURSE
    try:
        lecture = load_lecture(path, current())
    except scenarios.ScenarioError as error:
        raise RefusedError(str(error)) from None
    if arguments.list or arguments.json:
        _list(lecture, as_json=arguments.json)
        return 0
    if not options.has_terminal():
        raise RefusedError(tr("the lecture needs a terminal; --list prints its steps"))
    return _open(arguments)


def _list(lecture: Lecture, *, as_json: bool) -> None:
    for number, step in enumerate(lecture.steps, 1):
        if as_json:
            record = {
                "number": number,
                "id": step.id,
                "title": step.title,
                "topic": step.topic,
                "minutes": step.minutes,
                "slides": list(step.slides),
                "question": step.question is not None,
                "exercise": step.exercise is not None,
            }
            say(json.dumps(record, ensure_ascii=False))
        else:
            minutes = tr("{minutes} min", minutes=f"{step.minutes:4g}")
            say(f"{number:3}  {minutes}  {printable(step.title)}")
    if not as_json:
        say(plural("{number} minute in all", "{number} minutes in all", round(lecture.minutes)))


def _open(arguments: argparse.Namespace) -> int:
    gc.disable()  # until the first frame, as when the app is opened without a command
    from tui_vanish.jobs.cores import spare_cores

    chosen = replace(options.settings(arguments), side_by_side=spare_cores())
    options.check(chosen)
    with ending_at_once():
        from tui_vanish.cli.open_app import engine_for, open_app

    def prepare(app: "VanishApp") -> None:
        app.navigation.prepare_lecture(arguments.file, asks=not arguments.no_questions, large=arguments.large)
        app.call_after_start(app.navigation.toggle_lecture)

    return open_app(arguments, engine_for(arguments, chosen), prepare=prepare)
