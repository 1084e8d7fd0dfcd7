"""What is wrong with a scenario, in words that help to correct it."""

import datetime
import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_PROBLEMS = 20  # that are explained; to correct them comes first
_LONGEST_KEY, _LONGEST_MESSAGE, _LONGEST_PATH = 80, 300, 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a scenario.

    Attributes:
        path: the file as the user named it, or `--set`.
        key: dotted, items of a list counted from 1 (`stages[2].train`); empty if it is about the whole file.
        message: what was found.
        expected: what was expected; may be empty.
        suggestion: the name that was probably meant, or empty.
    """

    path: str
    key: str
    message: str
    expected: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        key, message = shortened(self.key, _LONGEST_KEY), shortened(self.message, _LONGEST_MESSAGE)
        text = f"{key}: {message}" if key else message
        if self.expected:
            text += f", expected {shortened(self.expected, _LONGEST_MESSAGE)}"
        if self.suggestion:
            text += f"; did you mean {shortened(self.suggestion, _LONGEST_KEY)}?"
        return printable(text)


class ScenarioError(Exception):
    """A scenario cannot be loaded; `problems` holds every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(*problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        paths = list(dict.fromkeys(problem.path for problem in self.problems))
        if len(self.problems) == 1:
            return f"{_named(paths[0])}: {self.problems[0]}"
        lines = []
        for path in paths:
            own = [problem for problem in self.problems if problem.path == path]
            count = f"more than {MOST_PROBLEMS}" if len(own) > MOST_PROBLEMS else f"{len(own)}"
            lines.append(f"{_named(path)}: {count} problem{'s' if len(own) > 1 else ''}")
            lines += [f"  {problem}" for problem in own[:MOST_PROBLEMS]]
        return "\n".join(lines)


class UnknownScenario(ScenarioError):
    """No scenario has that name; `nearest` holds similar names, the closest first."""

    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        expected = "" if nearest else "an id that `vanish-tui list` shows, or a file"
        problem = Problem(
            shortened(name, _LONGEST_KEY), "", "there is no such scenario", expected, " or ".join(nearest)
        )
        super().__init__([problem])
        self.name = name
        self.nearest = tuple(nearest)


def printable(text: str) -> str:
    """Escape everything in `text` that could control a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, longest: int = 60) -> str:
    """`text`, or its beginning and "…" if it is longer."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _named(path: str) -> str:
    """A path for a message. One that is too long for a file is shortened."""
    return shortened(printable(shortened(path, _LONGEST_PATH)), _LONGEST_PATH)


def nearest(name: str, known: Iterable[str], count: int = 1, cutoff: float = 0.6) -> list[str]:
    """Up to `count` of `known` whose similarity to `name` is at least `cutoff` (0..1), the closest first."""
    return difflib.get_close_matches(name, list(known), n=count, cutoff=cutoff)


def shown(value: object) -> str:
    """A value from a file, for a message: short, and written as in the file."""
    match value:
        case dict():
            return "a table"
        case datetime.date() | datetime.time():
            return value.isoformat()
        case float():
            return repr(value)
        case list() | tuple():
            text = "[" + ", ".join(shown(item) for item in value) + "]"
        case _:
            text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
