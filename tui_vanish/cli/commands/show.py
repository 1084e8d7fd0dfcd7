"""`vanish-tui show`: print one scenario with its texts and all its settings, or one run with its numbers."""

import argparse
import json
import shutil
import textwrap
from typing import TYPE_CHECKING

from engine.storage.run_index import RunEntry
from scenarios.languages import section_title
from tui_vanish.cli.options import add_runs_option
from tui_vanish.cli.scenario_or_run import scenario_or_run
from tui_vanish.jobs.telling import say
from tui_vanish.language import current, marked, tr
from tui_vanish.session import prose

if TYPE_CHECKING:
    from scenarios.schema import Scenario

_WIDEST = 100
EXAMPLES = (
    ("vanish-tui show relu", marked("a scenario with all its settings")),
    ("vanish-tui show @last", marked("the run that was started last: its numbers and findings")),
    ("vanish-tui show recorded:depth-7 --json", marked("a recorded run, for programs")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "scenario",
        metavar="ID|FILE|RUN",
        help=tr(
            "id of a scenario (see vanish-tui list), a scenario file, or a run (see vanish-tui "
            "runs); @last is the run that was started last"
        ),
    )
    parser.add_argument("--json", action="store_true", help=tr("print a JSON object"))
    add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the scenario's texts, and its settings with the keys that `--set` takes; or what a run is."""
    found = scenario_or_run(arguments.scenario, [], getattr(arguments, "runs_dir", None))
    if isinstance(found, RunEntry):
        _show_run(found, as_json=arguments.json)
    else:
        _show_scenario(found, as_json=arguments.json)
    return 0


def _show_run(entry: RunEntry, *, as_json: bool) -> None:
    from tui_vanish.cli.shown_run import print_run, run_record
    from tui_vanish.jobs.recorded import read_run

    seen = read_run(entry)
    if as_json:
        say(json.dumps(run_record(entry, seen), indent=1))
    else:
        print_run(entry, seen)


def _show_scenario(scenario: "Scenario", *, as_json: bool) -> None:
    if as_json:
        say(json.dumps(scenario.resolved(), indent=1))
        return
    say(f"{scenario.id}: {prose.text_of(scenario, 'title')}")
    section = section_title(scenario.section, current())
    say(f"{section} · {scenario.slide}" if scenario.slide else section)
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    for heading, name in (
        (tr("Question"), "question"),
        (tr("Watch for"), "watch_for"),
        (tr("Lesson"), "lesson"),
    ):
        if text := prose.text_of(scenario, name):
            say(f"\n{heading}")
            say(textwrap.fill(text, width, initial_indent="  ", subsequent_indent="  "))
    say("\n" + tr("Settings, with their keys for --set"))
    for key, value in _settings(scenario).items():
        say(f"  {key:28}  {value}")


def _settings(scenario: "Scenario") -> dict[str, str]:
    settings = {}
    for key, value in scenario.numbers().items():
        if key == "stages":
            for number, stage in enumerate(value, 1):
                settings[f"stages[{number}]"] = tr(
                    "sub-models {sub_models}, train {train}",
                    sub_models=stage["sub_models"],
                    train=stage["train"],
                )
        else:
            settings[key] = value if isinstance(value, str) else json.dumps(value)
    return settings
