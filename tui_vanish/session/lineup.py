"""Which runs are compared, and how they are shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from engine.tracking.ranking import Entrant
    from engine.tracking.snapshot import Snapshot

View = Literal["chart", "profiles", "differences"]

MOST = 8  # entrants; more letters and columns would be hard to read


@dataclass(frozen=True, slots=True)
class Lineup:
    """The state of the compare screen.

    Attributes:
        runs: their names, in the order in which they joined.
        baseline: the label of the entrant that the others are compared with; "" is the first.
        focus: the label of the entrant that keys act on; "" is the first.
        metric: what the chart shows, if the runs have it.
        view: what is shown if there is room for only one view.
        labels: what to call an entrant, by the id of its scenario; the id itself if it is missing.
    """

    runs: tuple[str, ...]
    baseline: str = ""
    focus: str = ""
    metric: str = "test_accuracy"
    view: View = "chart"
    labels: Mapping[str, str] = field(default_factory=dict)

    def entrants(self, snapshots: "Iterable[Snapshot]") -> "tuple[Entrant, ...]":
        """The entrants of the runs that are in `snapshots`, at most `MOST`."""
        from engine.tracking.comparison import entrants  # not needed by the first frame

        known = {snapshot.run: snapshot for snapshot in snapshots}
        return entrants([known[run] for run in self.runs if run in known], self.labels)[:MOST]

    def joined(self, runs: Sequence[str]) -> Self:
        """Return the lineup with more runs."""
        return replace(self, runs=tuple(dict.fromkeys((*self.runs, *runs))))

    def without(self, runs: Iterable[str]) -> Self:
        """Return the lineup with fewer runs; the runs themselves are not stopped."""
        dropped = set(runs)
        return replace(self, runs=tuple(run for run in self.runs if run not in dropped))

    def shown_metric(self, metrics: Sequence[str]) -> str:
        """What the chart shows of these: the chosen metric if there is one, else the first."""
        return self.metric if self.metric in metrics else metrics[0]

    def next_metric(self, by: int, metrics: Sequence[str]) -> Self:
        """Return the lineup with another metric in the chart."""
        place = metrics.index(self.shown_metric(metrics))
        return replace(self, metric=metrics[(place + by) % len(metrics)])

    def next_view(self, views: Sequence[View]) -> Self:
        """Return the lineup with the next one of `views`."""
        place = views.index(self.view) + 1 if self.view in views else 1
        return replace(self, view=views[place % len(views)])

    def moved(self, entrants: "Sequence[Entrant]", by: int) -> Self:
        """Return the lineup with the focus on another entrant."""
        place = min(max(0, self.focus_place(entrants) + by), len(entrants) - 1)
        return replace(self, focus=entrants[place].label)

    def focus_place(self, entrants: "Sequence[Entrant]") -> int:
        """The index of the focused entrant."""
        return _place(self.focus, entrants)

    def baseline_place(self, entrants: "Sequence[Entrant]") -> int:
        """The index of the baseline."""
        return _place(self.baseline, entrants)


def _place(label: str, entrants: "Sequence[Entrant]") -> int:
    return next((place for place, entrant in enumerate(entrants) if entrant.label == label), 0)
