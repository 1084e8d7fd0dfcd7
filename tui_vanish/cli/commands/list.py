"""`vanish-tui list`: list all scenarios."""

import argparse
import json
from itertools import groupby

import scenarios
from scenarios.problems import printable
from tui_vanish.cli.options import user_scenarios
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr
from tui_vanish.session import prose

EXAMPLES = (
    ("vanish-tui list", marked("the id, the title and the section of each scenario")),
    ("vanish-tui list --json | jq -r '.[].id'", marked("only the ids")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--json", action="store_true", help=tr("print a JSON list"))


def run(arguments: argparse.Namespace) -> int:
    """Print the built-in scenarios by section, then the user's own."""
    entries = scenarios.entries(user_scenarios())
    if arguments.json:
        say(json.dumps([_record(entry) for entry in entries], indent=1))
        return 0
    width = max(len(printable(entry.id)) for entry in entries)
    for number, (section, members) in enumerate(groupby(entries, key=prose.section_of)):
        say(section if number == 0 else f"\n{section}")
        for entry in members:
            say(f"  {printable(entry.id):{width}}  {_text(entry)}")
    return 0


def _text(entry: scenarios.Entry) -> str:
    if not entry.problems:
        return prose.title_of(entry)
    return tr("invalid; to see why: vanish-tui validate {path}", path=printable(str(entry.path)))


def _record(entry: scenarios.Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "title": entry.title,
        "section": entry.section,
        "of_slides": entry.of_slides,
        "built_in": entry.built_in,
        "path": str(entry.path),
        "problems": [str(problem) for problem in entry.problems],
    }
