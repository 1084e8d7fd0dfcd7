"""The prose of scenarios in the language in use; the user's own scenarios have only one."""

from typing import TYPE_CHECKING

from scenarios import Entry
from scenarios.languages import scenario_prose, section_title, sweep_prose
from tui_vanish.language import current, tr

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from scenarios.sweep import Sweep


def title_of(entry: Entry) -> str:
    """The title of a scenario in the list."""
    return text(entry.id, "title", entry.title) if entry.built_in else entry.title


def section_of(entry: Entry) -> str:
    """The heading of its section; those that are not in the catalogue are the app's own."""
    return section_title(entry.section, current()) if entry.of_slides or entry.built_in else tr(entry.section)


def text_of(scenario: "Scenario", name: str) -> str:
    """One of the texts of a scenario: `title`, `question`, `watch_for` or `lesson`."""
    return text(scenario.id, name, getattr(scenario, name))


def text(scenario_id: str, name: str, english: str) -> str:
    """A text of the built-in scenario with that id; of another scenario, its own text."""
    return scenario_prose(scenario_id, current()).get(name, english) if english else ""


def sweep_title(sweep: "Sweep") -> str:
    """The title of a sweep."""
    return sweep_prose(sweep.name, current()).get("title", sweep.title)
