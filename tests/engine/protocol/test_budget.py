"""Budgets of compared runs, as they are typed."""

import pytest

import scenarios
from engine.protocol.budget import Budget, parse_budget
from tests.engine.lab import make_scenario


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("10 epochs", Budget(epochs=10)),
        ("10", Budget(epochs=10)),
        ("1 epoch", Budget(epochs=1)),
        ("60 s", Budget(seconds=60)),
        ("60s", Budget(seconds=60)),
        ("2 min", Budget(seconds=120)),
        (" 0.5 H ", Budget(seconds=1800)),
        (".5s", Budget(seconds=0.5)),
    ],
)
def test_a_budget_is_epochs_or_seconds(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget
    assert parse_budget(str(budget)) == budget, "what is shown can be typed"


@pytest.mark.parametrize(
    "text",
    ["", "epochs", "0", "1.5 epochs", "-1", "0 s", "25 h", "3 parsecs", "1e3 s", "1 2", "²", "9" * 400],
)
def test_what_is_no_budget_is_refused_with_an_example_or_the_limits(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected "):
        parse_budget(text)


def test_only_a_number_of_epochs_changes_the_scenario() -> None:
    scenario = make_scenario()
    assert Budget(epochs=7).within(scenario).training.epochs == 7
    assert Budget(seconds=7).within(scenario) == scenario == Budget().within(scenario)


@pytest.mark.parametrize(("epochs", "each"), [(1, 1), (6, 1), (7, 1), (10, 1), (13, 1), (14, 2), (700, 100)])
def test_the_stages_of_a_run_share_its_epochs(epochs: int, each: int) -> None:
    staged = scenarios.load("staged")
    assert len(staged.stages) == 7
    assert Budget(epochs=epochs).within(staged).training.epochs == each
    assert 7 * each <= epochs or each == 1, "a run trains no longer than the others, but every stage trains"
