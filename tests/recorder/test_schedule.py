"""How often `every="auto"` measures."""

import pytest

from vanish_recorder.schedule import FIRST, Schedule


def trained(
    steps: int, *, step: float, sample: float, noticing: float, budget: float = 0.02, slower: float = 0.0
) -> tuple[list[int], float]:
    """The measured steps, and all seconds of measuring over those of training, after the first ten steps.

    Args:
        steps: of the run.
        step: seconds of a step.
        sample: seconds that a sample takes.
        noticing: seconds that a step takes which is not measured.
        budget: of the schedule.
        slower: seconds that the training itself takes longer in a step that is measured.
    """
    schedule = Schedule("auto", budget)
    measured, cost = [], 0.0
    for number in range(1, steps + 1):
        due = schedule.is_due(number)
        spent = sample if due else noticing
        if due:
            measured.append(number)
        schedule.took(step + slower * due, spent, sampled=due)
        cost += spent + slower * due if number > FIRST else 0.0
    return measured, cost / (step * (steps - FIRST))


def test_the_first_ten_steps_are_measured_and_then_what_the_budget_allows() -> None:
    measured, share = trained(20_000, step=0.01, sample=0.005, noticing=0.00002)
    assert measured[:10] == list(range(1, 11))
    assert 0.01 < share <= 0.02
    gaps = {after - before for before, after in zip(measured[-20:], measured[-19:], strict=False)}
    assert gaps <= {50, 100}


@pytest.mark.parametrize("noticing", [0.0003, 0.005])
def test_a_step_that_is_only_noticed_does_not_end_the_samples(noticing: float) -> None:
    measured, _ = trained(20_000, step=0.01, sample=0.005, noticing=noticing)
    of_samples = 0.005 * len(measured) / (0.01 * 20_000)
    assert 0.005 < of_samples <= 0.011


def test_a_larger_budget_measures_more_often() -> None:
    small, _ = trained(5_000, step=0.01, sample=0.005, noticing=0.00002)
    large, share = trained(5_000, step=0.01, sample=0.005, noticing=0.00002, budget=0.1)
    assert len(large) > 3 * len(small)
    assert share <= 0.1


def test_the_time_that_the_training_loses_in_a_measured_step_counts_as_measuring() -> None:
    _, share = trained(20_000, step=0.01, sample=0.004, noticing=0.00002, slower=0.001)
    assert 0.01 < share <= 0.02
    _, share = trained(20_000, step=0.01, sample=0.004, noticing=0.00002, slower=0.1)  # not of measuring
    assert share > 0.1
