"""Which runs are compared, and how a person looks at them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from engine.tracking.comparison import Entrant
    from engine.tracking.snapshot import Snapshot

Metric = Literal["test_accuracy", "train_accuracy", "test_loss", "train_loss"]
View = Literal["chart", "profiles", "differences"]

METRICS: tuple[Metric, ...] = ("test_accuracy", "train_accuracy", "test_loss", "train_loss")
MOST = 8  # entrants: more letters and columns than that nobody reads


@dataclass(frozen=True, slots=True)
class Lineup:
    """The state of the compare screen.

    Attributes:
        runs: names, in the order in which they joined.
        baseline: the label of the entrant that differences are shown against; "" is the first.
        focus: the label of the entrant that keys act on; "" is the first.
        metric: what the chart shows.
        view: what is in sight where there is room for one thing.
    """

    runs: tuple[str, ...]
    baseline: str = ""
    focus: str = ""
    metric: Metric = "test_accuracy"
    view: View = "chart"

    def entrants(self, snapshots: "Iterable[Snapshot]") -> "tuple[Entrant, ...]":
        """The entrants, of those runs that are there, as many as can be shown at once."""
        from engine.tracking.comparison import entrants  # of which the first frame has no use

        known = {snapshot.run: snapshot for snapshot in snapshots}
        return entrants([known[run] for run in self.runs if run in known])[:MOST]

    def joined(self, runs: Sequence[str]) -> Self:
        """With more runs."""
        return replace(self, runs=tuple(dict.fromkeys((*self.runs, *runs))))

    def without(self, runs: Iterable[str]) -> Self:
        """With fewer runs; they go on training, or not, as they did."""
        dropped = set(runs)
        return replace(self, runs=tuple(run for run in self.runs if run not in dropped))

    def next_metric(self, by: int) -> Self:
        """With another metric in the chart."""
        return replace(self, metric=METRICS[(METRICS.index(self.metric) + by) % len(METRICS)])

    def next_view(self, views: Sequence[View]) -> Self:
        """With the next of `views` in sight."""
        place = views.index(self.view) + 1 if self.view in views else 1
        return replace(self, view=views[place % len(views)])

    def moved(self, entrants: "Sequence[Entrant]", by: int) -> Self:
        """With the focus on another entrant."""
        place = min(max(0, self.focus_place(entrants) + by), len(entrants) - 1)
        return replace(self, focus=entrants[place].label)

    def focus_place(self, entrants: "Sequence[Entrant]") -> int:
        """The focused entrant's place among the entrants."""
        return _place(self.focus, entrants)

    def baseline_place(self, entrants: "Sequence[Entrant]") -> int:
        """The baseline's place among the entrants."""
        return _place(self.baseline, entrants)


def _place(label: str, entrants: "Sequence[Entrant]") -> int:
    return next((place for place, entrant in enumerate(entrants) if entrant.label == label), 0)
