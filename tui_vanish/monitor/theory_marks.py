"""Mean-field theory next to the measurement: marks on the bars, and the factor per layer in words."""

import asyncio
import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.language import tr
from vanish_recorder.protocol.quantity import Quantity

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from engine.meanfield.prediction import Prediction
    from engine.protocol.spec import RunSpec
    from engine.tracking.snapshot import Snapshot


class Predictions:
    """The prediction for each run's first step, computed once and in another thread.

    Args:
        node: its workers compute.
        ready: called when a prediction is ready.
    """

    def __init__(self, node: "DOMNode", ready: Callable[[], None]) -> None:
        self._node = node
        self._ready = ready
        self._known: dict[str, Prediction | None] = {}

    def of(self, run: "Snapshot") -> "Prediction | None":
        """The prediction; None while it is computed, and if there is none."""
        if run.started is None:
            return None  # torch is being imported, and computing now would slow that down
        if run.run not in self._known:
            self._known[run.run] = None
            self._node.run_worker(self._work_out(run.run, run.spec))
        return self._known[run.run]

    async def _work_out(self, run: str, spec: "RunSpec") -> None:
        self._known[run] = await asyncio.to_thread(_predict, spec)
        self._ready()


def _predict(spec: "RunSpec") -> "Prediction | None":
    from engine.meanfield.prediction import prediction_to_show
    from engine.protocol.spec import NotARunSpec

    try:
        return prediction_to_show(spec.scenario())
    except NotARunSpec:
        return None


def marks(run: "Snapshot", quantity: Quantity, prediction: "Prediction | None") -> Mapping[str, float]:
    """The predicted quantity at the first step, by layer; empty if there is no prediction.

    A later stage of a schedule begins with trained layers, for which the theory does not hold.
    """
    if prediction is None or run.stage > 1:
        return {}
    match quantity.name:
        case "delta_norm":
            return {layer.name: layer.delta_norm for layer in prediction.layers}
        case "grad_norm":
            return {layer.name: layer.grad_norm for layer in prediction.layers if layer.grad_norm is not None}
        case _:
            return {}


def measured_factor(run: "Snapshot") -> float | None:
    """The factor by which dL/da grows from a hidden layer to the next, in the latest profile.

    It is the geometric mean over the hidden layers; None if fewer than two have a dL/da that is not 0.
    """
    hidden = set(run.spec.hidden_names)
    norms = [
        layer.delta_norm
        for layer in run.finite_layers
        if layer.name in hidden and layer.delta_norm is not None
    ]
    steps = [after / before for before, after in pairwise(norms) if before > 0 and after > 0]
    return math.exp(sum(map(math.log, steps)) / len(steps)) if steps else None


def in_words(
    run: "Snapshot", prediction: "Prediction | None", *, marked: bool = True, room: float = math.inf
) -> Row:
    """The measured and the predicted factor per layer; empty until it is measured.

    Args:
        run: the run.
        prediction: of the run; None if it is not known.
        marked: whether the bars have its marks.
        room: cells; with less room, the text is shorter.
    """
    measured = measured_factor(run)
    predicted = prediction.delta_factor if prediction is not None and run.stage <= 1 else None
    if measured is None:
        return ()
    theory: Row = ()
    if predicted is not None and 0 < predicted < math.inf:
        theory = (
            Piece(
                f"; {tr('theory {factor}', factor=passed_on(predicted, 3))}{' ┊' if marked else ''}", "warn"
            ),
        )
    short = Piece(tr("passes on {factor}", factor=passed_on(measured)))
    long = Piece(tr("each layer passes on {factor}", factor=passed_on(measured)))
    if any(layer.kind == "time" for layer in run.spec.layers):
        long = Piece(tr("each time step passes on {factor}", factor=passed_on(measured)))
    rows: list[Row] = [(long, *theory), (short, *theory), (short,)]
    return next((row for row in rows if row_width(row) <= room), ())


def in_brief(run: "Snapshot", prediction: "Prediction | None", *, marked: bool) -> Row:
    """The predicted factor alone, for a narrow screen whose verdict has the measured one.

    Args:
        run: the run.
        prediction: of the run; None if it is not known.
        marked: whether the bars have its marks, which this text explains. Without them it is empty.
    """
    predicted = prediction.delta_factor if prediction is not None and run.stage <= 1 else None
    if predicted is None or not 0 < predicted < math.inf:
        return ()
    if not marked:
        return ()
    return (Piece(tr("┊ theory: {factor} per layer.", factor=passed_on(predicted, 3)), "warn"),)


def passed_on(factor: float, digits: int = 2) -> str:
    """What a layer passes on of a gradient that grows by `factor` towards the output: `1/7.2`, or `3.2×`."""
    if factor >= 1 and _short(factor, digits) != "1":
        return f"1/{_short(factor, digits)}"
    return f"{_short(1 / factor, digits)}×"


def _short(value: float, digits: int) -> str:
    rounded = float(f"{value:.{digits}g}")
    if rounded < 1e4:
        return f"{rounded:g}"
    return f"{value:.{digits - 1}e}".replace("e+0", "e").replace("e+", "e")
