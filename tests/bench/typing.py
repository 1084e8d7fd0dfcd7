"""What much text costs that is typed without paste marks, as CPU time of the app.

python -m tests.bench.typing [REPEATS]
"""

import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.terminal import Environment
from tests.e2e.pseudo_terminal import PATIENCE, PseudoTerminal

CHARACTERS = 100_000
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the text is typed: `keys` lead there from the list, and then the screen shows `sign`."""

    name: str
    keys: str
    sign: str
    character: str


PLACES = (
    Place("the list, a key without an action", "", "q quit", "x"),
    Place("the list, moving", "", "q quit", "j"),
    Place("the filter of the list", "/", "type part of a name", "x"),
    Place("the editor's form", "e", "train   ctrl+s save", "x"),
)


def seconds(environment: Environment, place: Place, repeats: int) -> list[float]:
    """Seconds of CPU that the app needs for `CHARACTERS` characters; each time in a new process."""
    return [_seconds(environment, place) for _ in range(repeats)]


def _seconds(environment: Environment, place: Place) -> float:
    with PseudoTerminal(["--data", "sample"], environment=environment) as terminal:
        terminal.wait_for("q quit")
        terminal.settle(PATIENCE)
        terminal.type(place.keys)
        terminal.wait_for(place.sign)
        terminal.settle(PATIENCE)
        before = _cpu(terminal.process.pid)
        terminal.type(place.character * CHARACTERS)
        terminal.settle(PATIENCE)
        return _cpu(terminal.process.pid) - before


def _cpu(pid: int) -> float:
    """Seconds of CPU that all threads of a process have used."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def main(arguments: Sequence[str]) -> None:
    """Print a line for each place."""
    repeats = int(arguments[0]) if arguments else 3
    with TemporaryDirectory() as home:
        environment: Environment = {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        for place in PLACES:
            taken = seconds(environment, place, repeats)
            print(f"{place.name}: {statistics.median(taken):.2f} s ({min(taken):.2f}–{max(taken):.2f})")


if __name__ == "__main__":
    main(sys.argv[1:])
