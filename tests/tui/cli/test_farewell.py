"""The app's last words are true: a run continues in the background only if another process holds it."""

import pytest

from tui_vanish.cli.farewell import say_farewell
from tui_vanish.jobs.background import Outcome, Successor

ONE, TWO = "20260101-120000-one-aaaa", "20260101-120000-two-bbbb"


class Reported(Successor):
    """A process that has reported already; None if the user does not wait for its report."""

    def __init__(self, outcome: Outcome | None) -> None:
        self._outcome = outcome

    @property
    def pid(self) -> int:
        return 77

    def wait(self, seconds: float | None = None) -> Outcome:
        assert seconds is not None
        if self._outcome is None:
            raise KeyboardInterrupt
        return self._outcome


def farewell(
    capsys: pytest.CaptureFixture[str], runs: list[str], outcome: Outcome | None
) -> tuple[bool, str, str]:
    succeeded = say_farewell(runs, Reported(outcome), "")
    out, errors = capsys.readouterr()
    first, _, rest = errors.partition("\n")
    assert first.startswith("Handing ")
    return succeeded, out, rest


def test_a_run_that_is_held_continues(capsys: pytest.CaptureFixture[str]) -> None:
    expected = f"{ONE} continues in the background; vanish-tui shows it again.\n"
    assert farewell(capsys, [ONE], Outcome((ONE,), (), True)) == (True, expected, "")
    expected = "2 runs continue in the background; vanish-tui shows them again.\n"
    assert farewell(capsys, [ONE, TWO], Outcome((ONE, TWO), (), True)) == (True, expected, "")


def test_what_failed_is_said_and_how_to_continue(capsys: pytest.CaptureFixture[str]) -> None:
    expected = (
        f"vanish-tui: {ONE} does not continue in the background: the disk is gone. Its progress is saved;"
        f" to continue: vanish-tui run --resume {ONE}\n"
    )
    outcome = Outcome((), ("the disk is gone.",), True)
    assert farewell(capsys, [ONE], outcome) == (False, "", expected)
    succeeded, out, errors = farewell(capsys, [ONE, TWO], Outcome((TWO,), ("no memory",), True))
    assert (succeeded, out.partition(" ")[0]) == (False, TWO)
    assert f"{ONE} does not continue in the background: no memory." in errors
    succeeded, _, errors = farewell(capsys, [ONE, TWO], Outcome((), (), True))
    assert not succeeded
    assert f"{ONE}, {TWO} do not continue in the background: the other process has not started it." in errors


@pytest.mark.parametrize("outcome", [None, Outcome((), (), False)], ids=["ctrl+c", "slow"])
def test_what_is_not_known_yet_is_not_said(
    outcome: Outcome | None, capsys: pytest.CaptureFixture[str]
) -> None:
    succeeded, out, errors = farewell(capsys, [ONE], outcome)
    assert out == "Process 77 is still starting; vanish-tui runs shows when it has the runs.\n"
    assert (succeeded, errors) == (True, "")


def test_a_process_that_could_not_be_started_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert not say_farewell([ONE], None, "no process could be started: no memory")
    out, errors = capsys.readouterr()
    assert out == ""
    assert f"{ONE} does not continue in the background: no process could be started: no memory." in errors


FAILURE = "internal error, the app had to end (details: /home/me/error.txt)."


def test_an_internal_error_and_what_became_of_the_runs_are_one_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def said(runs: list[str], outcome: Outcome) -> tuple[bool, list[str]]:
        succeeded = say_farewell(runs, Reported(outcome), "", FAILURE)
        out, errors = capsys.readouterr()
        assert out == ""
        return succeeded, errors.splitlines()[1:]

    held = f"{ONE} continues in the background; vanish-tui shows it again."
    assert said([ONE], Outcome((ONE,), (), True)) == (True, [f"vanish-tui: {FAILURE} {held}"])
    succeeded, (line,) = said([ONE, TWO], Outcome((ONE,), ("no memory",), True))
    assert not succeeded
    assert line.startswith(
        f"vanish-tui: {FAILURE} {held} {TWO} does not continue in the background: no memory."
    )


def test_an_internal_error_without_runs_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert say_farewell([], None, "", FAILURE)
    assert capsys.readouterr() == ("", f"vanish-tui: {FAILURE}\n")
    assert say_farewell([], None, "")
    assert capsys.readouterr() == ("", "")


def test_names_cannot_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say_farewell(["\x1b]2;x\x07"], Reported(Outcome((), ("\x1b[2J",), True)), "")
    assert "\x1b" not in "".join(capsys.readouterr())
