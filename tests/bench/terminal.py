"""Measure the app from outside, in a terminal: what it sends, when, and how much memory it uses."""

import random
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from tests.e2e.pseudo_terminal import PROGRAM, PseudoTerminal

Environment = dict[str, str | None]

BARE = (sys.executable, "-m", "tests.bench.bare_app")
_FIRST = "depth-3"  # both programs show it in their list
_COURSE = "depth-7"
_SETTLED = 3.0  # seconds without a byte
_KEYS = 60


def first_frame(program: Sequence[str], environment: Environment) -> float:
    """Seconds from the start of a program until its list is on the screen."""
    began = monotonic()
    with PseudoTerminal((), program=program, environment=environment) as terminal:
        terminal.wait_for(_FIRST)
        return monotonic() - began


def first_frames(environment: Environment, repeats: int) -> list[float]:
    """The time to our first frame divided by that of a bare app; both are started in turn."""
    first_frame(PROGRAM, environment), first_frame(BARE, environment)  # reads the files into memory
    return [first_frame(PROGRAM, environment) / first_frame(BARE, environment) for _ in range(repeats)]


def idle(environment: Environment, seconds: float) -> tuple[float, float]:
    """(resident megabytes before the first run, bytes per second sent by the idle app)."""
    with PseudoTerminal((), environment=environment) as terminal:
        terminal.wait_for(_FIRST)
        _settle(terminal)
        status = Path(f"/proc/{terminal.process.pid}/status").read_text()
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert resident is not None
        return int(resident[1]) / 1000, _bytes_a_second(terminal, seconds)


def training(
    environment: Environment, columns: int, rows: int, seconds: float, *, keys: bool
) -> tuple[float, list[float]]:
    """(bytes per second while depth-7 trains, seconds from each key to its effect)."""
    with PseudoTerminal((), environment=environment, columns=columns, rows=rows) as terminal:
        begin_training(terminal)
        sent = _bytes_a_second(terminal, seconds)
        return sent, _answers(terminal) if keys else []


def begin_training(terminal: PseudoTerminal) -> None:
    """Train depth-7, and wait until one epoch has passed."""
    before = ""
    while (before := _highlighted(terminal.wait_for(_moved_from(before)))) != _COURSE:
        terminal.type("j")
    terminal.type("\r")
    terminal.wait_for(lambda text: re.search(r"epoch\s+[2-9]", text))


def _settle(terminal: PseudoTerminal) -> None:
    """Wait until the program has sent nothing for a while."""
    sent = -1
    while len(terminal.sent) != sent:
        sent = len(terminal.sent)
        terminal.watch(_SETTLED)


def _bytes_a_second(terminal: PseudoTerminal, seconds: float) -> float:
    before, began = len(terminal.sent), monotonic()
    terminal.watch(seconds)
    return (len(terminal.sent) - before) / (monotonic() - began)


def _answers(terminal: PseudoTerminal) -> list[float]:
    """Seconds until the cursor of the list moves, for keys typed at random moments."""
    draw = random.Random(1)
    if not _highlighted(terminal.text):
        terminal.type("\\")
        terminal.wait_for(_highlighted)
    answers = []
    for number in range(_KEYS):
        terminal.watch(draw.uniform(0.1, 0.5))
        before = _highlighted(terminal.text)
        began = monotonic()
        terminal.type("jk"[number % 2])
        terminal.wait_for(_moved_from(before))
        answers.append(monotonic() - began)
    return answers


def percentile_95(values: Sequence[float]) -> float:
    """The value that is exceeded by one in twenty."""
    return statistics.quantiles(values, n=20)[-1]


def _moved_from(before: str) -> Callable[[str], bool]:
    return lambda text: _highlighted(text) not in ("", before)


def _highlighted(text: str) -> str:
    found = re.search(r"▸ (\S+)", text)
    return found[1] if found else ""
