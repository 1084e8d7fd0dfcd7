"""What the runs of a comparison may use, and whether runs that exist take part."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.protocol.budget import Budget, parse_budget

if TYPE_CHECKING:
    from tui_vanish.session.preferences import Preferences

MOST_SEEDS = 20


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a comparison.

    Attributes:
        budget: of each new run.
        seeds: how many runs each scenario gets.
        existing: whether a run that exists is compared as it is, in place of a new one.
    """

    budget: Budget = field(default_factory=Budget)
    seeds: int = 1
    existing: bool = False


def budget_of(text: str) -> Budget:
    """The budget that a text stands for; an empty one leaves it to the scenarios.

    Raises:
        ValueError: it is none; the text says what was expected.
    """
    return parse_budget(text) if text.strip() else Budget()


def terms_of(preferences: "Preferences") -> Terms:
    """The last choice, or the default in place of what cannot be used."""
    try:
        budget = budget_of(preferences.race_budget)
    except ValueError:
        budget = Budget(epochs=10)
    seeds = min(max(1, preferences.race_seeds), MOST_SEEDS)
    return Terms(budget, seeds, preferences.race_existing)


def preferred(terms: Terms) -> dict[str, Any]:
    """The terms as fields of the preferences."""
    return {
        "race_budget": str(terms.budget),
        "race_seeds": terms.seeds,
        "race_existing": terms.existing,
    }
