"""The time left of made-up runs on a made-up clock: it is right, or it is not given."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from engine.tracking.time_left import Course, Left, TimeLeft
from tests.engine.tracking.made_up_runs import Clock, Made, train
from tests.fuzz.budget import cases
from vanish_recorder.protocol.status import Status


@dataclass
class Said:
    """What was said of a run, and when."""

    run: str
    at: float
    step: int
    left: Left | None


def watch(runs: Sequence[Made], *, lanes: int = 1, every: float = 0.0, slower: float = 1.0) -> list[Said]:
    """Everything that was said until all runs had ended.

    Args:
        runs: trained together.
        lanes: how many cores they have.
        every: seconds between two looks; 0 to look after each event.
        slower: how many times longer everything takes by the clock than the runs believe.
    """
    clock = Clock()
    time_left, said, looked = TimeLeft(lanes, clock), [], 0.0
    for _ in train(runs, clock, lanes=lanes, slower=slower):
        if clock.now - looked >= every:
            looked = clock.now
            time_left.see(run.course for run in runs)
            said += [Said(run.name, clock.now, run.step, time_left.of(run.name)) for run in runs]
    return said


def errors(runs: Sequence[Made], said: Sequence[Said]) -> list[float]:
    """How wrong each estimate was, as a part of what was really left; the last seconds count as five."""
    found = []
    for each in said:
        if each.left is not None:
            run = next(run for run in runs if run.name == each.run)
            end = run.steps if each.left.whole else (each.step // run.per_stage + 1) * run.per_stage
            really = run.when[min(end, run.step)] - each.at
            found.append(abs(each.left.seconds - really) / max(5.0, really))
    return found


LOOKS = pytest.mark.parametrize("every", [0.0, 0.5], ids=["each event", "twice a second"])


@LOOKS
def test_a_run_alone(every: float) -> None:
    run = Made("alone", [0.01], epochs=40, evaluation=0.1)
    said = watch([run], every=every)
    known = [each for each in said if each.left is not None]
    assert max(errors([run], said)) < 0.1
    assert known[0].at - said[0].at < 5, "the pace is known soon"
    assert all(each.left is not None for each in said[said.index(known[0]) : -40]), "and stays known"


@LOOKS
def test_six_runs_take_six_times_as_long_as_their_own_seconds(every: float) -> None:
    """The fault: 4:05 was shown where 21 to 23 minutes remained."""
    runs = [Made(f"run {number}", [0.01], epochs=8, evaluation=0.05) for number in range(6)]
    said = watch(runs, every=every)
    assert max(errors(runs, said)) < 0.12
    first = next(each for each in said if each.left is not None)
    assert first.left is not None
    own = (runs[0].steps - first.step) * 0.01
    assert 5.5 < first.left.seconds / own < 6.6


@LOOKS
def test_runs_of_different_costs_on_two_cores(every: float) -> None:
    runs = [
        Made(f"run {number}", [cost], epochs=15) for number, cost in enumerate((0.004, 0.01, 0.02, 0.006))
    ]
    assert max(errors(runs, watch(runs, lanes=2, every=every))) < 0.1


@pytest.mark.parametrize("lanes", [1, 2])
def test_runs_whose_seconds_of_training_are_limited(lanes: int) -> None:
    """They end one after the other: in as many seconds, a run with cheap steps takes more of them."""
    costs = (0.004, 0.01, 0.02)
    runs = [
        Made(f"run {number}", [cost], epochs=1000, evaluation=0.05, budget=15)
        for number, cost in enumerate(costs)
    ]
    runs.append(Made("few epochs", [0.01], epochs=5, budget=15))
    said = watch(runs, lanes=lanes)
    assert any(each.left for each in said)
    assert max(errors(runs, said)) < 0.12
    staged = [Made("in its first stage", [0.01, 0.02], epochs=30, budget=20)]
    assert all(each.left.whole for each in watch(staged) if each.left), "the second stage does not begin"


def test_what_slows_everything_down_counts() -> None:
    """Saving, drawing, other programs: no run knows of them."""
    run = Made("alone", [0.01], epochs=40)
    said = watch([run], slower=1.7)
    assert max(errors([run], said)) < 0.1


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_runs_whose_neighbours_end(lanes: int) -> None:
    """Some have fewer epochs: the estimate knows that the rest will be faster then."""
    runs = [Made(f"run {number}", [0.01], epochs=epochs) for number, epochs in enumerate((5, 10, 20, 40))]
    assert max(errors(runs, watch(runs, lanes=lanes))) < 0.1


def test_a_neighbour_that_is_stopped_changes_the_pace_at_once() -> None:
    runs = [Made("long", [0.01], epochs=30), Made("stopped", [0.03], epochs=30, stops=1000)]
    said = watch(runs)
    long = [each for each in said if each.run == "long"]
    after = [each for each in long if each.step > 1000]
    assert after[0].left is None, "the old pace does not hold any more"
    assert any(each.left for each in after)
    assert max(errors(runs[:1], after)) < 0.1


@LOOKS
def test_of_stages_with_different_costs_only_the_present_one_is_estimated(every: float) -> None:
    run = Made("staged", [0.01, 0.03, 0.005], epochs=10, evaluation=0.02)
    said = watch([run], every=every)
    assert max(errors([run], said)) < 0.1
    whole = {each.step // run.per_stage: each.left.whole for each in said if each.left is not None}
    assert whole == {0: False, 1: False, 2: True}


def test_there_is_no_estimate_before_there_is_a_pace() -> None:
    run = Made("alone", [0.01], epochs=40)
    said = watch([run])
    assert [each.left for each in said if each.at - said[0].at < 2.9] == [None] * sum(
        each.at - said[0].at < 2.9 for each in said
    )


def test_a_run_that_ends_its_last_epoch_has_no_time_left() -> None:
    run = Made("alone", [0.05], epochs=3)
    said = watch([run])
    assert said[-1].step == run.steps
    assert said[-1].left is None
    assert min(each.left.seconds for each in said if each.left is not None) > 0


def test_a_paused_run_has_no_time_left_and_is_measured_again_when_it_continues() -> None:
    run, clock = Made("paused", [0.01], epochs=40), Clock()
    time_left = TimeLeft(clock=clock)
    rounds = train([run], clock)
    for _ in range(1000):
        next(rounds)
        time_left.see([run.course])
    assert time_left.of("paused") is not None
    time_left.see([replace(run.course, status=Status.PAUSED)])
    assert time_left.of("paused") is None
    clock.now += 600
    time_left.see([run.course])
    assert time_left.of("paused") is None
    for _ in range(1000):
        next(rounds)
        time_left.see([run.course])
    left = time_left.of("paused")
    assert left is not None
    assert left.seconds == pytest.approx((run.steps - run.step) * 0.01, rel=0.05)


def test_what_a_resumed_run_did_before_is_no_pace() -> None:
    """Its log says that it is at step 2 000; that took no time here."""
    run, clock = Made("resumed", [0.01], epochs=40, step=2000, time=20.0, evaluations=20), Clock()
    run.report()
    time_left, said = TimeLeft(clock=clock), []
    time_left.see([run.course])
    for _ in train([run], clock):
        time_left.see([run.course])
        said.append(Said("resumed", clock.now, run.step, time_left.of("resumed")))
    assert any(each.left for each in said)
    assert max(errors([run], said)) < 0.1


def test_a_process_that_slept_is_measured_again() -> None:
    run, clock = Made("slept", [0.01], epochs=40), Clock()
    time_left, said = TimeLeft(clock=clock), []
    for _ in train([run], clock):
        if run.step == 1500:
            clock.now += 600
        time_left.see([run.course])
        said.append(Said("slept", clock.now, run.step, time_left.of("slept")))
    assert max(errors([run], [each for each in said if each.step >= 1500])) < 0.1


def test_runs_of_another_process_are_no_neighbours() -> None:
    here, there, clock = Made("here", [0.01], epochs=40), Made("there", [0.01], epochs=40), Clock()
    time_left = TimeLeft(clock=clock)
    for _ in train([here], clock):
        if there.status is Status.RUNNING:
            there.take()  # at the same time, on a core of its own
        time_left.see([here.course, there.course], {"there": "another process"})
        if here.step == 2000:
            break
    for name in ("here", "there"):
        left = time_left.of(name)
        assert left is not None
        assert left.seconds == pytest.approx(2000 * 0.01, rel=0.05)


# ---------------------------------------------------------------------- several runs as a whole


def left_of_all(runs: Sequence[Made], rounds: int, *more: Course) -> Left | None:
    clock = Clock()
    time_left, training = TimeLeft(clock=clock), train(runs, clock)
    for _ in range(rounds):
        next(training)
        time_left.see([*(run.course for run in runs), *more])
    return time_left.of_all([*(run.course for run in runs), *more])


def test_a_comparison_takes_until_its_last_run_ends() -> None:
    runs = [Made("short", [0.01], epochs=10), Made("long", [0.01], epochs=30)]
    left = left_of_all(runs, 500)
    assert left is not None
    assert left.whole
    assert left.seconds == pytest.approx(500 * 0.02 + 2000 * 0.01, rel=0.05)


def test_a_run_that_has_ended_does_not_prolong_the_comparison() -> None:
    runs = [Made("short", [0.01], epochs=2), Made("long", [0.01], epochs=30)]
    left = left_of_all(runs, 1000)
    assert left is not None
    assert left.seconds == pytest.approx(2000 * 0.01, rel=0.05)


@pytest.mark.parametrize("status", [Status.LOADING, Status.PAUSED])
def test_a_comparison_with_a_run_that_waits_has_no_time_left(status: Status) -> None:
    waiting = Course("waiting", status, steps_per_epoch=100, stage_ends=1000, ends=1000)
    assert left_of_all([Made("one", [0.01])], 500, waiting) is None
    assert left_of_all([Made("one", [0.01])], 500) is not None


def test_a_comparison_with_stages_to_come_takes_at_least_so_long() -> None:
    runs = [Made("staged", [0.01, 0.05]), Made("plain", [0.01], epochs=15)]
    left = left_of_all(runs, 500)
    assert left is not None
    assert not left.whole
    assert left.seconds == pytest.approx(1000 * 0.02, rel=0.05)


def test_when_all_have_ended_there_is_nothing_left() -> None:
    assert left_of_all([Made("one", [0.01], epochs=1)], 100) is None


# ------------------------------------------------------------------------------ shares of the time


@pytest.mark.parametrize(("lanes", "slower", "share"), [(1, 1.0, 1 / 4), (2, 1.0, 1 / 2), (1, 2.0, 1 / 8)])
def test_runs_that_take_turns_train_a_part_of_the_time(lanes: int, slower: float, share: float) -> None:
    runs, clock = [Made(f"run {number}", [0.01], epochs=20) for number in range(4)], Clock()
    time_left, said = TimeLeft(lanes, clock), []
    for _ in train(runs, clock, lanes=lanes, slower=slower):
        time_left.see(run.course for run in runs)
        said.append(time_left.share_of("run 0"))
    assert said[0] is None
    assert said[-1] is None, "it has ended"
    known = [each for each in said if each is not None]
    assert known == pytest.approx([share] * len(known), rel=0.05)
    assert len(known) > 1000


# ---------------------------------------------------------------------------- made-up comparisons


def test_made_up_comparisons_are_right_or_say_nothing() -> None:
    for case in cases("time left", at_least=5):
        draw: random.Random = case.random
        runs = []
        for number in range(draw.randint(1, 7)):
            costs = [draw.uniform(0.003, 0.05) for _ in range(draw.choice((1, 1, 1, 3)))]
            run = Made(f"run {number}", costs, epochs=draw.randint(2, 12), per_epoch=draw.choice((12, 118)))
            run.evaluation = draw.choice((0.0, 0.05, 0.1)) * costs[0] * run.per_epoch
            runs.append(run)
        lone = all(len(run.costs) == 1 for run in runs)
        lanes, slower = draw.choice(((1, 1.0), (1, 1.5), (2, 1.0), (4, 1.0)))
        said = watch(runs, lanes=lanes, every=draw.choice((0.0, 0.5)), slower=slower)
        # The steps of a neighbour's later stages may cost anything, so only a rough bound holds beside one.
        assert max(errors(runs, said), default=0.0) < (0.3 if lone else 3.0), case.label
