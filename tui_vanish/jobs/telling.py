"""What the command line says to people: the one place that makes it printable.

Names of folders and hosts and the texts of errors may hold anything, but must not control the terminal.
"""

import json
import sys

from scenarios.problems import printable
from tui_vanish.language.below import spoken

_LONGEST = 2_000  # characters of a message


def tell(text: str) -> None:
    """Print a message on standard error, in the user's language."""
    print(f"vanish-tui: {bounded(lines_of(spoken(text)))}", file=sys.stderr, flush=True)


def bounded(text: str) -> str:
    """The text without its middle if it is very long, because it repeats what was typed or is in a file."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 4 :]}"


def say(text: str, *, error: bool = False, end: str = "\n") -> None:
    """Print a text as it is, on standard output, or on standard error."""
    print(lines_of(text), end=end, file=sys.stderr if error else sys.stdout, flush=True)


def lines_of(text: str) -> str:
    """The text with everything escaped that could control a terminal, except the ends of its lines."""
    return "\n".join(map(printable, text.split("\n")))


def json_line_of(line: str) -> str:
    """The same JSON, with such characters in its texts escaped as JSON does it."""
    return (
        line if line.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
    )
