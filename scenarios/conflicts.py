"""Values that are valid one by one, but not together.

A rule sees only values that are valid by themselves, so that conflicts are reported together with the other
problems of a file. Values are plain numbers, texts, lists and tables.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from scenarios.problems import shown

ROWS = 28  # of an image


class Conflict(NamedTuple):
    """One conflict: the key to change, what is wrong with it, and what was expected."""

    key: str
    message: str
    expected: str


def conflicts(values: Mapping[str, Any]) -> Iterator[Conflict]:
    """Every conflict among `values` (by dotted key); a rule is skipped if one of its keys is missing."""
    for keys, rule in _RULES:
        if all(key in values for key in keys):
            yield from rule(*(values[key] for key in keys))


def _beta(activation: str, beta: float | None) -> Iterator[Conflict]:
    if activation == "sigmoid_beta" and beta is None:
        yield Conflict("model.beta", "missing", 'a number such as 0.05, because activation = "sigmoid_beta"')
    if activation != "sigmoid_beta" and beta is not None:
        message = f'cannot be used with activation = "{activation}"'
        yield Conflict("model.beta", message, 'activation = "sigmoid_beta", or no beta')


def _skips(hidden_layers: int, skip: Sequence[Sequence[int]]) -> Iterator[Conflict]:
    ends = set()
    for source, target in skip:
        pair = shown([source, target])
        if not 1 <= source < target <= hidden_layers:
            expected = f"an earlier and a later layer, from 1 to {hidden_layers}"
            yield Conflict("model.skip", f"found {pair}", expected)
        elif target in ends:
            expected = "at most one skip that ends at the same layer"
            yield Conflict(
                "model.skip", f"found {pair}, the second skip that ends at layer {target}", expected
            )
        ends.add(target)


def _forget_bias(cell: str, forget_bias: float | None) -> Iterator[Conflict]:
    if cell != "lstm" and forget_bias is not None:
        message = f'cannot be used with cell = "{cell}", which has no forget gate'
        yield Conflict("model.forget_bias", message, 'cell = "lstm", or no forget_bias')


def _heads(width: int, heads: int) -> Iterator[Conflict]:
    if width % heads:
        yield Conflict("model.heads", f"found {heads}", f"a number that divides the width, {width}")


def _patch(patch: int) -> Iterator[Conflict]:
    if ROWS % patch:
        yield Conflict("model.patch", f"found {patch}", f"2, 4, 7, 14 or 28, which divide the {ROWS} rows")


def _batch_norm(norm: str, batch_size: int) -> Iterator[Conflict]:
    if norm == "batch" and batch_size == 1:
        yield Conflict(
            "data.batch_size", "found 1", 'at least 2 with norm = "batch", because one image has no variance'
        )


def _curvature(
    optimizer: str,
    norm: str,
    gradient: str,
    skip: Sequence[Sequence[int]],
    dropout: float | None,
    loss: str,
) -> Iterator[Conflict]:
    """SDAGD's h is defined by a recursion over plain layers under softmax and cross entropy."""
    if optimizer != "sdagd":
        return
    refused = (
        ("model.norm", f'norm = "{norm}"', 'norm = "none"', norm != "none"),
        ("model.gradient", f'gradient = "{gradient}"', 'gradient = "plain"', gradient != "plain"),
        ("model.skip", "a skip", "skip = []", bool(skip)),
        ("model.dropout", "dropout", "dropout = 0", bool(dropout)),
        ("training.loss", f'loss = "{loss}"', 'loss = "cross_entropy"', loss != "cross_entropy"),
    )
    for key, found, expected, wrong in refused:
        if wrong:
            message = f"sdagd's curvature h is not defined with {found}"
            yield Conflict(key, message, f"{expected}, or another optimizer")


def _only_mlp(
    kind: str, optimizer: str, precision: str, stages: Sequence[Mapping[str, Any]]
) -> Iterator[Conflict]:
    """What is defined for the slides' networks alone."""
    if kind == "mlp":
        return
    if optimizer == "sdagd":
        message = f'sdagd\'s curvature h is not defined with kind = "{kind}"'
        yield Conflict("optimizer.name", message, "another optimizer")
    if precision != "fp32":
        message = f'found "{precision}", which is not built for kind = "{kind}"'
        yield Conflict("training.precision", message, 'precision = "fp32", or kind = "mlp"')
    if stages:
        yield Conflict("stages", f'cannot be used with kind = "{kind}"', 'no stages, or kind = "mlp"')


def _clipping(optimizer: str, clip_norm: float | None) -> Iterator[Conflict]:
    if optimizer == "sdagd" and clip_norm is not None:
        message = 'cannot be used with name = "sdagd", whose radius sets the length of its steps'
        yield Conflict("training.clip_norm", message, "another optimizer, or no clip_norm")


def _precision(optimizer: str, precision: str) -> Iterator[Conflict]:
    if optimizer == "sdagd" and precision != "fp32":
        message = f'cannot be used with precision = "{precision}", because its curvature needs float32'
        yield Conflict("optimizer.name", message, 'precision = "fp32", or another optimizer')


def _loss_scale(precision: str, gradient: str, loss_scale: float | str) -> Iterator[Conflict]:
    if loss_scale == "none":
        return
    if precision == "fp32":
        message = 'cannot be used with precision = "fp32", which has numbers for much smaller gradients'
        yield Conflict("training.loss_scale", message, 'precision = "fp16_mixed", or loss_scale = "none"')
    elif precision in ("fp16", "bf16"):
        message = (
            f'cannot be used with precision = "{precision}": without the scale its gradients are lost again'
        )
        yield Conflict(
            "training.loss_scale", message, f'precision = "{precision}_mixed", or loss_scale = "none"'
        )
    if gradient == "normalised":
        message = 'cannot be used with gradient = "normalised", which removes the scale from the gradient'
        yield Conflict("training.loss_scale", message, 'gradient = "plain", or loss_scale = "none"')


def _stages(hidden_layers: int, stages: Sequence[Mapping[str, Any]]) -> Iterator[Conflict]:
    before: list[int] = []
    for number, stage in enumerate(stages, 1):
        sub_models, train = list(stage["sub_models"]), list(stage["train"])
        if sub_models[: len(before)] != before:
            expected = f"a list that starts with {shown(before)}, as in stage {number - 1}"
            yield Conflict(f"stages[{number}].sub_models", f"found {shown(sub_models)}", expected)
        if len(set(train)) < len(train) or any(which > len(sub_models) for which in train):
            expected = f"numbers from 1 to {len(sub_models)}, each at most once"
            yield Conflict(f"stages[{number}].train", f"found {shown(train)}", expected)
        before = sub_models
    if stages and sum(before) != hidden_layers:
        message = f"found {shown(before)}, which is {shown(sum(before))} layers in total"
        expected = f"all {hidden_layers} hidden layers in the last stage"
        yield Conflict(f"stages[{len(stages)}].sub_models", message, expected)


_RULES: tuple[tuple[tuple[str, ...], Callable[..., Iterator[Conflict]]], ...] = (
    (("model.activation", "model.beta"), _beta),
    (("model.hidden_layers", "model.skip"), _skips),
    (("model.cell", "model.forget_bias"), _forget_bias),
    (("model.width", "model.heads"), _heads),
    (("model.patch",), _patch),
    (("model.norm", "data.batch_size"), _batch_norm),
    (
        ("optimizer.name", "model.norm", "model.gradient", "model.skip", "model.dropout", "training.loss"),
        _curvature,
    ),
    (("model.kind", "optimizer.name", "training.precision", "stages"), _only_mlp),
    (("optimizer.name", "training.clip_norm"), _clipping),
    (("optimizer.name", "training.precision"), _precision),
    (("training.precision", "model.gradient", "training.loss_scale"), _loss_scale),
    (("model.hidden_layers", "stages"), _stages),
)
