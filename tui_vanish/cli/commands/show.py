"""`vanish-tui show`: print one scenario with its texts and all its settings."""

import argparse
import json
import shutil
import textwrap
from typing import TYPE_CHECKING

from tui_vanish.cli.options import load_scenario

if TYPE_CHECKING:
    from scenarios.schema import Scenario

_WIDEST = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "scenario", metavar="ID|FILE", help="id of a scenario (see vanish-tui list), or a scenario file"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the scenario's texts, and its settings with the keys that `--set` takes."""
    scenario = load_scenario(arguments.scenario, [])
    if arguments.json:
        print(json.dumps(scenario.resolved(), indent=1))
        return 0
    print(f"{scenario.id}: {scenario.title}")
    print(f"{scenario.section} · {scenario.slide}" if scenario.slide else scenario.section)
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    for heading, prose in (
        ("Question", scenario.question),
        ("Watch for", scenario.watch_for),
        ("Lesson", scenario.lesson),
    ):
        if prose:
            print(f"\n{heading}")
            print(textwrap.fill(prose, width, initial_indent="  ", subsequent_indent="  "))
    print("\nSettings, with their keys for --set")
    for key, value in _settings(scenario).items():
        print(f"  {key:28}  {value}")
    return 0


def _settings(scenario: "Scenario") -> dict[str, str]:
    settings = {}
    for key, value in scenario.numbers().items():
        if key == "stages":
            for number, stage in enumerate(value, 1):
                settings[f"stages[{number}]"] = f"sub-models {stage['sub_models']}, train {stage['train']}"
        else:
            settings[key] = value if isinstance(value, str) else json.dumps(value)
    return settings
