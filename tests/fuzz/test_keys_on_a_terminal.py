"""Random input on a real pseudo-terminal, while a real run trains.

Two outcomes of each burst are allowed: the app draws its screen when it is asked to; or it has ended with
exit code 0, after a key that quits was typed, and the terminal is as before. Afterwards `esc` leads back to
the lab, no internal error was written, and every run can be read and has not failed.
"""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

import pytest

from engine.storage.run_index import list_runs
from tests.e2e.processes import kill_processes_with
from tests.e2e.pseudo_terminal import PATIENCE, PseudoTerminal
from tests.fuzz.budget import Case, cases
from tests.fuzz.terminal_input import Burst, bursts
from tui_vanish import language
from tui_vanish.language.catalogue import entries
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import EVENTS

BURSTS = 12  # of a case
COLUMNS, ROWS = 120, 36
REDRAW, QUIT, ESCAPE, ENTER = b"\x0c", b"\x03", b"\x1b", b"\r"
END_OF_PASTE = b"\x1b[201~"  # a paste without it takes everything that is typed
QUITS = (b"q", QUIT, b":", b"\x10")  # the last two open the palette, which can quit, too
_ENOUGH = 100  # characters of a screen that was drawn
_AGAIN, _SHORTLY = 2.5, 0.25  # seconds after which a key is typed again
_SETTLED = 10.0  # seconds for what a burst causes; a busy machine may need more

# A key may have switched the language: what is looked for, in both.
_VIETNAMESE = entries((Path(language.__file__).parent / "vi.po").read_text(encoding="utf-8"))
QUITTING = ("q quit", "q " + _VIETNAMESE["key\x04quit"])
GOING_BACK = ("esc back", "esc " + _VIETNAMESE["key\x04back"])
_DISCARD = "Discard the changes"
DISCARDS = (
    _DISCARD,
    *(said.partition("{")[0] for text, said in _VIETNAMESE.items() if text.startswith(_DISCARD)),
)


class Session:
    """One case: the app is started, and started again when it has ended, always on the same folders.

    Args:
        case: its source of randomness.
        folder: for everything that is written.

    Attributes:
        counts: of starts, bursts and bytes.
    """

    def __init__(self, case: Case, folder: Path) -> None:
        self.counts = Counter[str]()
        self._case, self._folder, self._runs = case, folder, folder / "runs"
        self._typed: list[Burst] = []

    def run(self, number: int) -> None:
        """Type so many bursts, and check after each of them."""
        left = list(bursts(self._case.random, number))
        environment: dict[str, str | None] = {"VISUAL": "true"}
        for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
            environment[f"XDG_{kind}_HOME"] = str(self._folder / kind.lower())
        try:
            while left:
                self.counts["starts"] += 1
                with PseudoTerminal(
                    ["--data", "sample", "--runs-dir", str(self._runs)],
                    program=(sys.executable, "-P", "-m", "tui_vanish"),
                    environment=environment,
                    columns=COLUMNS,
                    rows=ROWS,
                ) as terminal:
                    self._type_until_it_ends(terminal, left)
                    self._check_end(terminal)
                self._check_files()
        except AssertionError as error:
            typed = "\n".join(map(str, self._typed))
            raise AssertionError(f"{self._case.label}: {error}\nafter\n{typed}") from error
        finally:
            kill_processes_with(f"XDG_STATE_HOME={environment['XDG_STATE_HOME']}")

    def _type_until_it_ends(self, terminal: PseudoTerminal, left: list[Burst]) -> None:
        """Train, then type what is left, while the app is there; then quit."""
        terminal.wait_for(_is_lab)
        self._typed = [Burst(ENTER)]
        terminal.type_bytes(ENTER)
        if self.counts["starts"] == 1:
            terminal.wait_for(lambda text: re.search(r"epoch\s+[1-9]", text))
        while left and self._answers(terminal):
            burst = left.pop(0)
            self.counts["bursts"] += 1
            self.counts["bytes"] += len(burst.data)
            self._typed.append(burst)
            if burst.size is not None:
                terminal.resize(*burst.size)
            terminal.type_bytes(burst.data)
        if self._answers(terminal) and self._returns_to_the_lab(terminal):
            self._typed.append(Burst(QUIT))
            terminal.type_bytes(QUIT)

    def _answers(self, terminal: PseudoTerminal) -> bool:
        """Whether the app is there; then it draws its screen when it is asked to."""
        terminal.type_bytes(END_OF_PASTE)
        terminal.settle(_SETTLED)
        if terminal.screen.columns != COLUMNS or terminal.screen.lines != ROWS:
            terminal.resize(COLUMNS, ROWS)
            terminal.settle(_SETTLED)
        terminal.screen.erase_in_display(2)
        self._repeat(terminal, lambda: REDRAW, _is_drawn, _AGAIN)
        return terminal.process.poll() is None

    def _returns_to_the_lab(self, terminal: PseudoTerminal) -> bool:
        """Whether the app is there; then `esc` leads back to the lab."""
        # A form asks before it discards changes.
        self._repeat(terminal, lambda: ENTER if _says(terminal.text, DISCARDS) else ESCAPE, _is_lab, _SHORTLY)
        return terminal.process.poll() is None

    def _repeat(
        self,
        terminal: PseudoTerminal,
        key: Callable[[], bytes],
        holds: Callable[[str], bool],
        seconds: float,
    ) -> None:
        """Type a key again and again, until the screen is as wanted or the app has ended."""
        deadline = monotonic() + PATIENCE
        while terminal.process.poll() is None and not holds(terminal.text):
            assert monotonic() < deadline, f"it does not answer\n{terminal.text}"
            terminal.type_bytes(key())
            terminal.watch_until(holds, seconds)

    def _check_end(self, terminal: PseudoTerminal) -> None:
        code = terminal.wait_for_end()
        assert code == 0, f"exit code {code}\n{terminal.text}"
        quits = [burst for burst in self._typed if any(key in burst.data for key in QUITS)]
        assert quits, f"it ended without a key that quits\n{terminal.text}"
        assert terminal.is_restored(), f"the terminal is not restored\n{terminal.text}"
        said = terminal.sent[terminal.sent.rfind(b"\x1b[?1049l") :]
        assert b"Traceback" not in said, f"a traceback\n{terminal.text}"
        assert b"nternal error" not in said, f"an internal error\n{terminal.text}"

    def _check_files(self) -> None:
        errors = self._folder / "state" / "vanish-tui" / "errors"
        for name in os.listdir(errors) if errors.is_dir() else ():
            raise AssertionError(f"an internal error\n{(errors / name).read_text()}")
        for entry in list_runs(self._runs):
            assert not entry.problem, f"{entry.name}: {entry.problem}"
            if entry.is_sweep:  # it has no log of its own
                continue
            lines = (entry.folder / EVENTS).read_text(encoding="utf-8").splitlines(keepends=True)
            records = [json.loads(line) for line in lines if line.endswith("\n")]
            failed = [record for record in records if record.get("status") == Status.FAILED]
            assert not failed, f"{entry.name} failed: {failed}"


def _is_drawn(text: str) -> bool:
    first, *_, last = text.splitlines()
    return bool(first.strip() and last.strip() and len("".join(text.split())) >= _ENOUGH)


def _is_lab(text: str) -> bool:
    footer = text.rstrip().splitlines()[-1:]
    return any(_says(line, QUITTING) and not _says(line, GOING_BACK) for line in footer)


def _says(text: str, signs: Sequence[str]) -> bool:
    return any(sign in text for sign in signs)


def test_random_input_on_a_terminal_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the keys write reports and pictures
    counts = Counter[str]()
    for case in cases("keys on a terminal"):
        session = Session(case, tmp_path / str(case.number))
        session.run(BURSTS)
        counts += session.counts
    print(dict(counts))
