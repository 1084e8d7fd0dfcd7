"""The quantities that are measured at each layer: the one table of them.

A quantity is one row here, a field of `LayerQuantities`, and one function in engine.measure.quantities.
Everything else is read from the row: the key in the log and in `run --json`, the columns of the CSV file, the
tags for TensorBoard, the bars, the heatmap, and the table in docs/measuring.md (tools/quantity_table.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from vanish_recorder.protocol.quantity import Quantity


def row(quantity: Quantity) -> Any:
    """A row of the table: a field whose value is None by default, and which carries `quantity`."""
    return field(default=None, metadata={"quantity": quantity})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerQuantities:
    """The table, in the order of the documentation, and what was measured at one layer in one step.

    The forward values and the gradients are those before the update; `update_ratio` and `unmoved` are about
    the update. None: the quantity does not apply, or was not computed.
    """

    name: str
    grad_norm: float | None = row(
        Quantity(
            symbol="‖dL/dW‖",
            symbol_ascii="|dL/dW|",
            words="weight gradient",
            meaning=(
                "How strongly the loss depends on the layer's weights. Where it is tiny, plain gradient "
                "descent hardly changes the layer."
            ),
            definition="Frobenius norm of dL/dW",
            where="layers that train",
            layers="trained",
            scale="log",
            notation="scientific",
            digits=2,
            column="grad",
            column_rank=3,
            in_bars=True,
        )
    )
    delta_norm: float | None = row(
        Quantity(
            symbol="‖dL/da‖",
            symbol_ascii="|dL/da|",
            words="delta",
            meaning=(
                "How much of the gradient reaches the layer's output on the way back from the loss. If it "
                "shrinks from layer to layer, the gradient vanishes; if it grows, the gradient explodes."
            ),
            definition=(
                "Frobenius norm of dL/da over the batch, of dL/dlogits at the output; compare it among "
                "hidden layers only, because the way back from the logits has no φ' in it"
            ),
            where="from the output down to the lowest layer that trains",
            layers="reached",
            scale="log",
            notation="scientific",
            digits=2,
            column="delta",
            in_bars=True,
        )
    )
    update_ratio: float | None = row(
        Quantity(
            symbol="‖ΔW‖/‖W‖",
            symbol_ascii="|dW|/|W|",
            words="update-to-weight ratio",
            meaning=(
                "The size of the step's change relative to the weights: at 1e-3 the step changed the weights "
                "by 0.1 % of their size."
            ),
            definition=(
                "‖W after − W before‖ / ‖W before‖, from the weights themselves, so it is right for every "
                "optimizer"
            ),
            where="layers that train",
            layers="trained",
            scale="log",
            notation="scientific",
            digits=1,
            column="upd/W",
            column_rank=1,
            in_bars=True,
        )
    )
    unmoved: float | None = row(
        Quantity(
            symbol="unmoved",
            symbol_ascii="unmoved",
            words="unmoved weights",
            meaning=(
                "The part of the weights that the step did not change at all, because the change was too "
                "small for the type of the weights, which is 32-bit unless the scenario says otherwise."
            ),
            definition=(
                "of the weights whose gradient is not zero, the fraction that the step left unchanged, bit "
                "for bit: their type (float32, or that of the scenario's precision) rounded the update away"
            ),
            where="layers that train, unless every gradient is zero",
            layers="trained",
            nan_is_null=True,
            scale="unit",
            notation="percent",
            digits=0,
            column="unmoved",
            column_rank=5,
            worst="largest",
        )
    )
    weight_norm: float | None = row(
        Quantity(
            symbol="‖W‖",
            symbol_ascii="|W|",
            words="weight norm",
            meaning="The size of all the layer's weights together.",
            definition="Frobenius norm of W",
            where="every layer",
            layers="all",
            scale="log",
            notation="scientific",
            digits=2,
            column="weights",
        )
    )
    activation_mean: float | None = row(
        Quantity(
            symbol="mean(h)",
            symbol_ascii="mean(h)",
            words="activation mean",
            meaning="The average of the layer's output over all nodes and all images of the batch.",
            definition="mean of h over the batch and the nodes",
            where="every layer",
            layers="all",
            scale="linear",
            notation="fixed",
            digits=3,
            column="mean",
        )
    )
    activation_std: float | None = row(
        Quantity(
            symbol="std(h)",
            symbol_ascii="std(h)",
            words="activation spread",
            meaning="How far the layer's outputs are spread around their average, over nodes and images.",
            definition="standard deviation of h over the batch and the nodes",
            where="every layer",
            layers="all",
            scale="log",
            notation="fixed",
            digits=3,
            column="std",
            in_bars=True,
        )
    )
    sample_std: float | None = row(
        Quantity(
            symbol="std(h) per node",
            symbol_ascii="std(h) per node",
            words="spread over the images",
            meaning=(
                "How much a node's output differs from image to image. Near 0 the layer gives almost the "
                "same output for every image, so the later layers cannot tell the images apart."
            ),
            definition=(
                "of h: the standard deviation over the batch, averaged over the nodes; this is what is left "
                "to tell the images apart"
            ),
            where="every layer",
            layers="all",
            scale="log",
            notation="fixed",
            digits=3,
            column="sample",
            column_rank=4,
        )
    )
    saturated: float | None = row(
        Quantity(
            symbol="saturated",
            symbol_ascii="saturated",
            words="saturation",
            meaning=(
                "The part of the activations on the flat ends of sigmoid or tanh, where almost no gradient "
                "passes."
            ),
            definition="the fraction of z where the slope is under 5 % of its maximum",
            where="hidden layers with sigmoid, sigmoid + β or tanh",
            layers="hidden",
            activations=frozenset({"sigmoid", "sigmoid_beta", "tanh"}),
            scale="unit",
            notation="percent",
            digits=0,
            column="sat",
            column_width=7,
            column_rank=2,
            in_bars=True,
            worst="largest",
        )
    )
    inactive: float | None = row(
        Quantity(
            symbol="inactive",
            symbol_ascii="inactive",
            words="inactive activations",
            meaning="The part of the activations that are 0, where ReLU passes no gradient.",
            definition="the fraction of activations that are zero",
            where="hidden layers with ReLU",
            layers="hidden",
            activations=frozenset({"relu"}),
            scale="unit",
            notation="percent",
            digits=0,
            column="inactive",
            column_width=9,
            worst="largest",
        )
    )
    dead: float | None = row(
        Quantity(
            symbol="dead",
            symbol_ascii="dead",
            words="dead nodes",
            meaning=(
                "The part of the nodes that are 0 for every image of the batch. They get no gradient from "
                "it, so the batch cannot change them."
            ),
            definition="the fraction of nodes that are zero for the whole batch",
            where="hidden layers with ReLU",
            layers="hidden",
            activations=frozenset({"relu"}),
            scale="unit",
            notation="percent",
            digits=0,
            column="dead",
            column_width=7,
            column_rank=2,
            worst="largest",
        )
    )
    underflow: float | None = row(
        Quantity(
            symbol="underflow",
            symbol_ascii="underflow",
            words="gradient lost in fp16",
            meaning=(
                "The part of the gradient that is 0 because fp16 has no number that small. A loss scale "
                "makes the gradient larger, so that less of it is lost."
            ),
            definition=(
                "the fraction of dL/dW, times the loss scale, whose absolute value is below 2^-24, the "
                "smallest number above 0 that fp16 has"
            ),
            where="layers that train, in fp16",
            layers="trained",
            precisions=frozenset({"fp16", "fp16_mixed"}),
            scale="unit",
            notation="percent",
            digits=0,
            column="lost",
            column_width=7,
            column_rank=0,
            in_bars=True,
            worst="largest",
        )
    )

    def value(self, quantity: Quantity) -> float | None:
        """What `quantity` was here."""
        value: float | None = getattr(self, quantity.name)
        return value


def quantities_of(table: type[LayerQuantities]) -> Mapping[str, Quantity]:
    """The rows of `table` by name, in its order."""
    return MappingProxyType(
        {
            each.name: replace(each.metadata["quantity"], name=each.name)
            for each in fields(table)
            if "quantity" in each.metadata
        }
    )


QUANTITIES = quantities_of(LayerQuantities)
