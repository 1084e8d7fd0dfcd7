"""Add a quantity by one row and one function, and print where it arrives, as one JSON object.

`python -m tests.added_quantity FOLDER`, in a process of its own: the row has to be in the table before any
module reads it, which is why most imports are inside functions.
"""

import contextlib
import csv
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import PropertyMock

import pytest

from vanish_recorder.protocol import quantities
from vanish_recorder.protocol.quantity import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table(quantities.LayerQuantities):
    grad_max: float | None = quantities.row(
        Quantity(
            symbol="max dL/dW",
            symbol_ascii="max dL/dW",
            words="largest gradient",
            meaning="The gradient of the weight that the loss depends on most.",
            definition="largest absolute value in dL/dW",
            where="layers that train",
            layers="trained",
            scale="log",
            notation="scientific",
            digits=2,
            column="largest",
            column_rank=0,
            in_bars=True,
        )
    )


def add() -> None:
    """The row, and the function."""
    with_row = pytest.MonkeyPatch()
    with_row.setattr(quantities, "LayerQuantities", _Table)
    with_row.setattr(quantities, "QUANTITIES", quantities.quantities_of(_Table))

    from torch import Tensor

    from engine.measure.quantities import Weights, of_weights

    @of_weights("grad_max")
    def _grad_max(weights: Weights) -> Tensor:
        return weights.gradient.abs().amax((1, 2)).double()


def train_and_export(folder: Path) -> dict[str, Any]:
    """What a small run's log, its CSV file and its TensorBoard files hold of the quantity."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from engine.storage.run_log import RunLog
    from tests.engine.lab import begin, make_scenario, origin, random_data, train
    from tui_vanish.cli.main import main
    from vanish_recorder.protocol.codec import from_line, to_line
    from vanish_recorder.protocol.events import Sample

    trainer, events = begin(make_scenario(), random_data())
    train(trainer, 3)
    log = RunLog(folder / "20260101-120000-small-ab12", make_scenario().resolved(), 1, origin())
    for event in events:
        log.write(event)
    log.close()

    sample = next(event for event in reversed(events) if isinstance(event, Sample))
    line = to_line(sample)
    gradients = [layer.weight.grad for layer in trainer.mlp.layers]
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert main(["export", log.folder.name, "--csv", "--runs-dir", str(folder)]) == 0
    rows = csv.DictReader(io.StringIO(text.getvalue()))
    measured = [row for row in rows if (row["event"], row["step"]) == ("sample", str(sample.step))]
    with contextlib.redirect_stdout(sys.stderr):
        board = folder / "board"
        main(["export", log.folder.name, "--tensorboard", str(board), "--runs-dir", str(folder)])
    reader = EventAccumulator(str(board / log.folder.name))
    reader.Reload()
    return {
        "exact": [gradient.abs().max().item() for gradient in gradients if gradient is not None],
        "keys": list(json.loads(line)["layers"][0]),
        "log": [layer["grad_max"] for layer in json.loads(line)["layers"]],
        "read back": from_line(line) == sample,
        "csv": [float(row["grad_max"]) for row in measured],
        "tensorboard": [reader.Scalars(f"grad_max/{layer.name}")[-1].value for layer in sample.layers],
    }


def draw() -> dict[str, Any]:
    """The bars and the heatmap as texts, what `v` goes through, and the documentation's table."""
    from tools import quantity_table
    from tui_vanish.drawing.glyphs import UTF8
    from tui_vanish.instruments.heatmap import Heat, HeatMap, Moment
    from tui_vanish.instruments.layer_bars import LayerBars
    from tui_vanish.instruments.layer_profile import BarProfile, BarRow
    from tui_vanish.instruments.quantities import IN_BARS
    from vanish_recorder.protocol.events import LayerSample
    from vanish_recorder.protocol.quantities import QUANTITIES

    def layer(name: str, **values: Any) -> LayerSample:
        return LayerSample(name=name, **values)

    layers = (layer("layer1", grad_max=1.5e-3), layer("output", grad_max=2.5e-1))
    added = QUANTITIES["grad_max"]
    bars, heat = LayerBars(), HeatMap()
    texts = []
    with pytest.MonkeyPatch.context() as patch:
        for widget in (LayerBars, HeatMap):
            patch.setattr(widget, "alphabet", PropertyMock(return_value=UTF8))
        for quantity in (added, QUANTITIES["grad_norm"]):
            bars.show(BarProfile(tuple(BarRow(each.name, each) for each in layers), quantity))
            texts.append(bars.draw(80, 4).text())
        heat.show(Heat(("layer1", "output"), (Moment(0.0, layers), Moment(1.0, layers)), added))
        texts.append(heat.draw(60, 5).text())
    return {
        "bars": texts[0],
        "beside": texts[1],
        "heatmap": texts[2],
        "v": [quantity.name for quantity in IN_BARS],
        "documentation": quantity_table.table(),
    }


if __name__ == "__main__":
    add()
    print(json.dumps(train_and_export(Path(sys.argv[1])) | draw()))
