"""The words of a place in a ranking."""

from dataclasses import replace

import pytest

from engine.runtime.endings import failure
from engine.tracking.ranking import Axis, Entrant, Last, rank
from tests.engine.tracking.test_ranking import FAST, SLOW, STOPPED_AT_2, ran
from tui_vanish.cli.commands.compare import _point
from tui_vanish.compare.findings import findings
from tui_vanish.compare.ranking import ending, missing, number, point, rank_there, ranked
from vanish_recorder.protocol.events import OUT_OF_BUDGET
from vanish_recorder.protocol.status import Status


@pytest.mark.parametrize(("axis", "words"), [("epochs", "epoch 2"), ("seconds", "0:02")])
def test_a_stopped_run_says_where_it_ended_and_its_rank_there(axis: Axis, words: str) -> None:
    ranking = rank([STOPPED_AT_2, FAST, SLOW], axis)
    stopped = ranking.places[-1]
    assert (number(stopped), ending(stopped, ranking)) == ("–", f"stopped after {words}, then 2nd of 3")
    assert ranked(ranking) == "2 of 3"
    assert [ending(place, ranking) for place in ranking.places[:2]] == ["", ""]


def test_a_run_that_is_ranked_only_says_how_it_ended() -> None:
    ranking = rank([STOPPED_AT_2, FAST], "epochs")
    assert [ending(place, ranking) for place in ranking.places] == ["", "stopped"]
    assert (ranked(ranking), point(ranking)) == ("all", "epoch 2")


@pytest.mark.parametrize("status", [Status.FINISHED, Status.RUNNING])
def test_a_damaged_log_that_ends_out_of_budget_without_being_stopped_is_shown(status: Status) -> None:
    run = ran([0.1, 0.2])
    end = replace(failure(run, "", None), status=status, error=None, reason=OUT_OF_BUDGET)
    entrant = Entrant("damaged", (replace(run, status=status, finished=end),))
    (place,) = rank([entrant], "epochs").places
    assert "budget" not in "".join(piece.text for piece in findings(entrant, place, 60))


def test_the_command_line_says_which_epoch_and_for_whom() -> None:
    def said(*compared: Entrant) -> str:
        return _point(compared, rank(compared, "epochs"))

    assert said(STOPPED_AT_2, FAST, SLOW) == "3, the last that 2 of 3 have"
    assert said(STOPPED_AT_2, FAST) == "2, the last that all have"
    assert said(FAST, Entrant("other", (ran([0.1, 0.2, 0.3, 0.4]),))) == "4"


def test_a_run_without_a_rank_says_why() -> None:
    late = Entrant("late", (ran([0.3], seconds=60.0),))
    for entrants, words in (
        ([FAST, late], ["", "no epoch finished by 0:04"]),
        ([STOPPED_AT_2, FAST, SLOW], ["", "", ""]),  # that it was stopped is said instead
        ([Entrant("first", (ran([]),)), Entrant("second", (ran([]),))], ["no epoch finished yet"] * 2),
    ):
        ranking = rank(entrants, "seconds")
        assert [missing(place, ranking) for place in ranking.places] == words
    assert not any(
        missing(place, rank([FAST, late], "epochs")) for place in rank([FAST, late], "epochs").places
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (13, "13th"), (22, "22nd")],
)
def test_a_rank_is_an_ordinal(place: int, words: str) -> None:
    assert rank_there(Last(1, 0.5, place, 30)) == f"then {words} of 30"
