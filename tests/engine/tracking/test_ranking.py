"""Rankings of made-up comparisons whose truth is known: at one epoch, or at one time, for all."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import pytest

from engine.runtime.endings import failure
from engine.tracking.ranking import BROKEN, OUT, Axis, Entrant, Last, rank
from engine.tracking.snapshot import Result, Snapshot
from tests.engine.tracking.test_comparison import a_run
from tests.fuzz.budget import Case, cases
from vanish_recorder.protocol.status import Status

BLANK = a_run("blank", [])
ENDS = (Status.RUNNING, Status.PAUSED, Status.FINISHED, Status.STOPPED, Status.DIVERGED, Status.FAILED)


def ran(
    accuracies: Sequence[float],
    *,
    status: Status = Status.RUNNING,
    seconds: float = 1.0,
    seed: int = 1,
    name: str = "run",
) -> Snapshot:
    """A run with one result per epoch, each epoch `seconds` long."""
    results = tuple(Result(epoch, epoch * seconds, value) for epoch, value in enumerate(accuracies, 1))
    return replace(BLANK, run=name, status=status, seed=seed, results=results, epoch=len(results))


def places(compared: Sequence[Entrant], axis: Axis = "epochs") -> list[tuple[str, float | None, int | None]]:
    return [(place.label, place.accuracy, place.number) for place in rank(compared, axis).places]


def test_a_race_that_was_stopped_at_unequal_epochs_is_ranked_at_the_last_epoch_that_all_have() -> None:
    """`C`, then `S`: adam had finished, and passed batchnorm, which led at every equal epoch."""
    adam = Entrant("adam", (ran([0.1, 0.3, 0.5, 0.9], status=Status.FINISHED),))
    batchnorm = Entrant("batchnorm", (ran([0.6, 0.7], status=Status.STOPPED),))
    assert rank([adam, batchnorm], "epochs").at == 2
    assert places([adam, batchnorm]) == [("batchnorm", 0.7, 1), ("adam", 0.3, 2)]
    assert rank([adam, batchnorm], "seconds").at == 2.0
    assert places([adam, batchnorm], "seconds") == [("batchnorm", 0.7, 1), ("adam", 0.3, 2)]


STOPPED_AT_2 = Entrant("stopped", (ran([0.3, 0.5], status=Status.STOPPED),))
FAST = Entrant("fast", (ran([0.2, 0.6, 0.7, 0.8]),))
SLOW = Entrant("slow", (ran([0.1, 0.4, 0.6]),))


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED, Status.FINISHED])
def test_a_stopped_run_does_not_hold_back_those_that_race_and_keeps_the_rank_of_its_last_epoch(
    status: Status,
) -> None:
    fast, slow = (replace(each, runs=(replace(each.runs[0], status=status),)) for each in (FAST, SLOW))
    axes: tuple[Axis, ...] = ("epochs", "seconds")
    for axis in axes:  # an epoch takes one second
        ranking = rank([STOPPED_AT_2, fast, slow], axis)
        assert ranking.at == 3, "the last that both have"
        assert [(place.label, place.accuracy, place.number) for place in ranking.places] == [
            ("fast", 0.7, 1),
            ("slow", 0.6, 2),
            ("stopped", None, None),
        ]
        assert ranking.places[-1].last == Last(2, 0.5, 2, 3), "second of three, after fast with 0.6"
        assert ranking.places[-1].ended == "stopped"


def test_a_stopped_run_is_ranked_at_every_epoch_that_it_has() -> None:
    stopped = Entrant("stopped", (ran([0.3, 0.5, 0.9, 0.9, 0.9], status=Status.STOPPED),))
    assert rank([stopped, FAST, SLOW], "epochs").at == 3
    assert places([stopped, FAST, SLOW]) == [("stopped", 0.9, 1), ("fast", 0.7, 2), ("slow", 0.6, 3)]
    assert {place.last for place in rank([stopped, FAST, SLOW], "epochs").places} == {None}


def test_runs_that_used_up_their_seconds_are_all_in_the_race() -> None:
    """The slow one has fewer epochs in the same time, and decides where they are compared."""

    def out_of_budget(label: str, accuracies: Sequence[float], seconds: float) -> Entrant:
        run = ran(accuracies, status=Status.STOPPED, seconds=seconds)
        end = replace(failure(run, "", None), status=Status.STOPPED, error=None, reason="budget")
        return Entrant(label, (replace(run, finished=end),))

    fast = out_of_budget("fast", [0.1, 0.2, 0.3, 0.4, 0.5, 0.9], 1)
    middle = out_of_budget("middle", [0.1, 0.5, 0.6], 2)
    slow = out_of_budget("slow", [0.2, 0.7], 3)
    by_epochs, by_seconds = (rank([fast, middle, slow], axis) for axis in ("epochs", "seconds"))
    assert (by_epochs.at, by_seconds.at) == (2, 6)
    assert [place.label for place in by_epochs.places] == ["slow", "middle", "fast"]
    assert [place.label for place in by_seconds.places] == ["fast", "slow", "middle"]
    assert {place.ended for place in by_epochs.places} == {""}, "nothing went wrong"


def test_two_runs_are_compared_where_one_was_stopped_because_there_is_nothing_else_to_compare() -> None:
    ranking = rank([STOPPED_AT_2, FAST], "epochs")
    assert ranking.at == 2
    assert places([STOPPED_AT_2, FAST]) == [("fast", 0.6, 1), ("stopped", 0.5, 2)]


def test_if_the_race_is_stopped_an_earlier_stop_does_not_hold_it_back() -> None:
    """`s` on one run at its second epoch, and later `S`: the others end at most one epoch apart."""
    others = [
        Entrant(name, (ran([0.1 * number] * epochs, status=Status.STOPPED),))
        for number, (name, epochs) in enumerate((("a", 8), ("b", 7), ("c", 8)), 1)
    ]
    ranking = rank([STOPPED_AT_2, *others], "epochs")
    assert ranking.at == 7
    assert [(place.label, place.number) for place in ranking.places] == [
        ("c", 1),
        ("b", 2),
        ("a", 3),
        ("stopped", None),
    ]
    assert ranking.places[-1].last == Last(2, 0.5, 1, 4)


def test_a_stopped_seed_leaves_its_entrant_with_the_others() -> None:
    seeds = (ran([0.3], status=Status.STOPPED, seed=1), ran([0.4, 0.6, 0.8], seed=2))
    first, second = rank([Entrant("seeds", seeds), SLOW], "epochs").places
    assert (first.label, first.accuracy, first.seeds, first.ended) == ("seeds", 0.8, 1, "stopped")
    assert (second.label, second.accuracy) == ("slow", 0.6)


def test_a_diverged_run_has_no_accuracy_at_a_later_time() -> None:
    diverged = Entrant("diverged", (ran([0.9], status=Status.DIVERGED),))
    last = rank([diverged, FAST, SLOW], "seconds").places[-1]
    assert (last.label, last.accuracy, last.last) == ("diverged", None, Last(1.0, 0.9, 1, 3))


def test_a_run_that_was_stopped_in_an_epoch_has_the_accuracy_of_the_one_before_until_then() -> None:
    stopped = replace(STOPPED_AT_2, runs=(replace(STOPPED_AT_2.runs[0], time=2.9),))
    ranking = rank([stopped, FAST, Entrant("slow", (ran([0.1, 0.4], seconds=1.4),))], "seconds")
    assert ranking.at == 2.8
    assert [(place.label, place.accuracy) for place in ranking.places] == [
        ("fast", 0.6),
        ("stopped", 0.5),
        ("slow", 0.4),
    ]


@pytest.mark.parametrize("status", sorted(BROKEN))
def test_a_broken_run_is_ranked_only_at_an_epoch_that_it_has(status: Status) -> None:
    broken = Entrant("broken", (ran([0.9, 0.95], status=status),))
    assert places([broken, Entrant("long", (ran([0.1] * 5),))]) == [("long", 0.1, 1), ("broken", None, None)]
    assert places([broken, Entrant("new", (ran([0.1]),))]) == [("broken", 0.9, 1), ("new", 0.1, 2)]


def test_if_all_are_broken_they_are_ranked_at_the_last_epoch_that_all_have() -> None:
    compared = [
        Entrant("early", (ran([0.4], status=Status.DIVERGED),)),
        Entrant("late", (ran([0.2, 0.9], status=Status.FAILED),)),
        Entrant("at once", (ran([], status=Status.DIVERGED),)),
    ]
    assert places(compared) == [("early", 0.4, 1), ("late", 0.2, 2), ("at once", None, None)]


def test_without_a_finished_epoch_there_is_nothing_to_rank() -> None:
    compared = [Entrant("one", (ran([]),)), Entrant("two", (ran([]),))]
    for axis in ("epochs", "seconds"):
        assert rank(compared, axis).at == 0
        assert places(compared, axis) == [("one", None, None), ("two", None, None)]


def test_equal_accuracies_share_a_place() -> None:
    compared = [Entrant(name, (ran([value]),)) for name, value in (("b", 0.5), ("c", 0.2), ("a", 0.5))]
    assert places(compared) == [("a", 0.5, 1), ("b", 0.5, 1), ("c", 0.2, 3)]


def test_an_epoch_that_a_damaged_log_lacks_is_not_the_one_of_the_ranking() -> None:
    gap = ran([0.1, 0.2, 0.3])
    gap = replace(gap, results=(gap.results[0], gap.results[2]))
    assert rank([Entrant("gap", (gap,)), Entrant("whole", (ran([0.5, 0.6]),))], "epochs").at == 1


def test_a_single_seed_beside_several_is_tied_if_it_lies_in_their_range() -> None:
    several = Entrant("several", tuple(ran([value], seed=seed) for seed, value in enumerate((0.4, 0.6, 0.8))))
    first, second = rank([several, Entrant("single", (ran([0.5]),))], "epochs").places
    assert (first.label, second.label, second.tied) == ("several", "single", True)


# ------------------------------------------------------------------- made-up comparisons


def made_up(case: Case) -> list[Entrant]:
    """A comparison of runs of any length and any end, with ties, and with accuracies that are no numbers."""
    draw, compared = case.random, []
    for number in range(draw.randint(1, 8)):
        runs = []
        for seed in range(draw.choice((1, 1, 1, 2, 3))):
            values = (draw.choice((0.1, 0.5, 0.5, draw.random())) for _ in range(draw.randint(0, 12)))
            accuracies = [math.nan if draw.random() < 0.02 else value for value in values]
            status, seconds = draw.choice(ENDS), draw.choice((0.5, 1.0, 3.0))
            name = f"run {number}.{seed}"
            runs.append(ran(accuracies, status=status, seconds=seconds, seed=seed, name=name))
        compared.append(Entrant(f"entrant {number}", tuple(runs)))
    return compared


def limits(compared: Sequence[Entrant]) -> list[Snapshot]:
    """The runs at whose progress all are judged: those in the race, and if need be those stopped last."""
    runs = [(entrant.label, run) for entrant in compared for run in entrant.runs if run.results]
    racing = [each for each in runs if each[1].status not in OUT]
    stopped = [each for each in runs if each[1].status is Status.STOPPED]
    if len({label for label, _ in racing}) < 2:
        for epoch in sorted({len(run.results) for _, run in stopped}, reverse=True):
            some = [each for each in stopped if len(each[1].results) >= epoch]
            if len({label for label, _ in (*racing, *some)}) >= 2:
                racing += [each for each in stopped if len(each[1].results) >= epoch - 1]
                break
        else:
            racing += stopped
    return [run for _, run in racing or runs]


def test_a_ranking_uses_only_numbers_of_its_epoch_or_its_seconds() -> None:
    for case in cases("rankings: one epoch", at_least=50):
        compared = made_up(case)
        by_label = {entrant.label: entrant for entrant in compared}
        by_epochs = rank(compared, "epochs")
        assert by_epochs.at == min((len(run.results) for run in limits(compared)), default=0), case.label
        for place in by_epochs.places:
            assert place.last is None or (place.accuracy is None and place.last.at < by_epochs.at)
            had = [run.results for run in by_label[place.label].runs if len(run.results) >= by_epochs.at > 0]
            expected = [each[int(by_epochs.at) - 1].test_accuracy for each in had]
            expected = [value for value in expected if math.isfinite(value)]
            assert place.seeds == len(expected), case.label
            assert place.accuracy == (median(expected) if expected else None), case.label
        by_seconds = rank(compared, "seconds")
        ends = [run.results[-1].time for run in limits(compared)]
        assert by_seconds.at == min(ends, default=0.0), case.label
        for place in by_seconds.places:
            until = [
                [each.test_accuracy for each in run.results if each.time <= by_seconds.at]
                for run in by_label[place.label].runs
                if run.results and (run.status not in OUT or run.results[-1].time >= by_seconds.at)
            ]
            expected = [each[-1] for each in until if each and math.isfinite(each[-1])]
            assert place.accuracy == (median(expected) if expected else None), case.label


def test_a_ranking_is_in_order_and_does_not_depend_on_the_order_of_the_runs() -> None:
    for case in cases("rankings: order", at_least=50):
        compared = made_up(case)
        shuffled = [
            replace(entrant, runs=tuple(case.random.sample(entrant.runs, len(entrant.runs))))
            for entrant in case.random.sample(compared, len(compared))
        ]
        axes: tuple[Axis, ...] = ("epochs", "seconds")
        for axis in axes:
            ranking = rank(compared, axis)
            assert rank(shuffled, axis) == ranking, case.label
            ranked = [place for place in ranking.places if place.accuracy is not None]
            assert ranking.places[: len(ranked)] == tuple(ranked), case.label
            values = [place.accuracy for place in ranked if place.accuracy is not None]
            assert values == sorted(values, reverse=True), case.label
            assert [place.number for place in ranked] == [1 + values.index(value) for value in values]


def test_more_epochs_of_one_run_do_not_change_the_ranking_of_the_others() -> None:
    """A run that hurries ahead gains nothing by it."""
    for case in cases("rankings: ahead", at_least=50):
        compared = made_up(case)
        before = rank(compared, "epochs")
        ahead = random.Random(case.label).choice(compared)
        run = ahead.runs[0]
        if len(run.results) <= before.at or run.status in OUT:
            continue
        more = Result(len(run.results) + 1, run.results[-1].time + 1.0, 1.0)
        longer = replace(ahead, runs=(replace(run, results=(*run.results, more)), *ahead.runs[1:]))
        after = rank([longer if each is ahead else each for each in compared], "epochs")
        assert after == before, case.label
