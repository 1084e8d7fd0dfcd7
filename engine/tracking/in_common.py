"""What compared runs have in common: their curves, and the step at which their losses can be compared."""

from bisect import bisect_right
from collections.abc import Sequence
from statistics import median

from engine.tracking.ranking import Entrant
from engine.tracking.series import Point
from engine.tracking.snapshot import Snapshot
from vanish_recorder.protocol.quantities import QUANTITIES

LOSS = "loss"
BATCH_ACCURACY = "batch_accuracy"
OF_EPOCHS = ("test_accuracy", "train_accuracy", "test_loss", "train_loss")
_NOT_RESULTS = frozenset({"lr"})  # what a script sets is no result of its run


def any_watched(entrants: Sequence[Entrant]) -> bool:
    """Whether one of the runs was recorded from a script of the user's."""
    return any(run.watched is not None for entrant in entrants for run in entrant.runs)


def metrics(entrants: Sequence[Entrant]) -> tuple[str, ...]:
    """What the chart of a comparison can show, by name.

    Scenarios all have the same. With a watched run it is what at least two have, and the loss.
    """
    if not any_watched(entrants):
        return OF_EPOCHS
    counted: dict[str, int] = {}
    for entrant in entrants:
        for name in _names(entrant.furthest):
            counted[name] = counted.get(name, 0) + 1
    needed = min(2, len(entrants))
    first = [name for name in OF_EPOCHS if counted.get(name, 0) == len(entrants)]
    rest = [name for name, count in counted.items() if count >= needed and name not in first]
    return tuple(dict.fromkeys((*first, LOSS, *rest)))


def charted(entrants: Sequence[Entrant], metric: str) -> str:
    """What a chart of this metric shows: before an epoch's number makes a curve, that of the batches."""
    if metric not in OF_EPOCHS or any_watched(entrants):
        return metric
    if any(len(run.results) > 1 for entrant in entrants for run in entrant.runs):
        return metric
    return BATCH_ACCURACY if metric.endswith("accuracy") else LOSS


def curve(run: Snapshot, metric: str) -> tuple[Point, ...]:
    """A run's numbers under this name; empty if it has none."""
    if metric == LOSS:
        return run.charts.batch_loss or run.charts.train_loss
    if metric == BATCH_ACCURACY:
        return run.charts.batch_accuracy
    if metric in OF_EPOCHS and (points := getattr(run.charts, metric)):
        return tuple(points)
    if run.watched is None:
        return ()
    return run.watched.series.get(metric) or run.watched.epoch_series.get(metric, ())


def of_some(entrants: Sequence[Entrant]) -> dict[str, tuple[str, ...]]:
    """What only some of the entrants have, by name: logged numbers, and quantities of their layers.

    Returns:
        For each the labels of those that have it.
    """
    if not any_watched(entrants):
        return {}
    found: dict[str, list[str]] = {}
    for entrant in entrants:
        run = entrant.furthest
        for name in (*_names(run), *_measured(run)):
            found.setdefault(name, []).append(entrant.label)
    return {name: tuple(labels) for name, labels in found.items() if len(labels) < len(entrants)}


def common_step(entrants: Sequence[Entrant]) -> int:
    """The last step of which every entrant has a loss; 0 if one has none."""
    ends = [max((_end(run) for run in entrant.runs), default=0) for entrant in entrants]
    return min(ends, default=0)


def losses(entrants: Sequence[Entrant], step: int) -> tuple[float | None, ...]:
    """The loss of each entrant at a step: the median over its runs."""
    found = []
    for entrant in entrants:
        known = [value for run in entrant.runs if (value := _loss_at(run, step)) is not None]
        found.append(median(known) if known else None)
    return tuple(found)


def _end(run: Snapshot) -> int:
    points = curve(run, LOSS)
    # The last point may stand for many samples: it ends where the run's latest sample was.
    return max(points[-1].step, run.layers_step if run.loss is not None else 0) if points else 0


def _loss_at(run: Snapshot, step: int) -> float | None:
    points = curve(run, LOSS)
    place = bisect_right(points, step, key=lambda point: point.step)
    return points[place - 1].value if place else None


def _names(run: Snapshot) -> tuple[str, ...]:
    names = [name for name in OF_EPOCHS if getattr(run.charts, name)]
    names += [LOSS] if curve(run, LOSS) else []
    if run.watched is not None:
        names += [*run.watched.series, *run.watched.epoch_series]
    return tuple(dict.fromkeys(name for name in names if name not in _NOT_RESULTS))


def _measured(run: Snapshot) -> tuple[str, ...]:
    """The quantities that any of the run's layers has, in words."""
    return tuple(
        each.words
        for each in QUANTITIES.values()
        if any(layer.value(each) is not None for layer in run.finite_layers or run.layers)
    )
