"""Finding the first number that is not finite."""

import math

from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.protocol.events import RunFinished, Sample


def in_sample(sample: Sample) -> Finding | None:
    """The first layer of a sample with such a number, although the loss is finite; None if there is none.

    The layers are searched in the order in which their values are computed: the forward pass from the input
    on, then the gradients from the output back.
    """
    for layer in sample.layers:
        if not _finite(layer.activation_mean, layer.activation_std, layer.sample_std):
            return Finding("non_finite", "activation", layer=layer.name, layers=(layer.name,))
    for layer in reversed(sample.layers):
        # The update ratio is not defined for weights that are all 0.
        update = layer.update_ratio if layer.weight_norm else None
        if not _finite(layer.delta_norm, layer.grad_norm, layer.weight_norm, update):
            return Finding("non_finite", "gradient", layer=layer.name, layers=(layer.name,))
    return None


def at_the_end(event: RunFinished, looked_at: int) -> Finding:
    """The finding for a diverged run.

    Between two samples only the losses are known. If the bad step was not measured, its layers were examined
    after a later update had already changed them, so which layer was the first is unknown.

    Args:
        event: the last event of the run.
        looked_at: the last step whose layers were measured.
    """
    layers, step = event.nonfinite or (), event.first_bad_step
    seen_at_once = step is None or step == looked_at
    variant = "plain" if layers and (seen_at_once or len(layers) == 1) else "unseen"
    evidence: dict[str, float | None] = {"first_bad_step": step, "layers": len(layers)}
    layer = layers[0] if variant == "plain" else None
    return Finding("non_finite", variant, layer=layer, layers=layers, evidence=evidence, since=step)


def _finite(*values: float | None) -> bool:
    return all(value is None or math.isfinite(value) for value in values)
