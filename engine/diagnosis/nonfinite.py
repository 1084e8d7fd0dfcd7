"""Which number was the first that is not finite."""

import math

from engine.diagnosis.finding import Finding
from engine.protocol.events import RunFinished, Sample


def in_sample(sample: Sample) -> Finding | None:
    """The first layer of a sample that holds such a number although the loss is finite.

    The forward pass is looked through from the input on, then the gradients from the output back: in the
    order in which they were computed.
    """
    for layer in sample.layers:
        if not _finite(layer.activation_mean, layer.activation_std, layer.sample_std):
            return Finding("non_finite", "activation", layer=layer.name, layers=(layer.name,))
    for layer in reversed(sample.layers):
        # Weights that are all zero have no update-to-weight ratio.
        update = layer.update_ratio if layer.weight_norm else None
        if not _finite(layer.delta_norm, layer.grad_norm, layer.weight_norm, update):
            return Finding("non_finite", "gradient", layer=layer.name, layers=(layer.name,))
    return None


def at_the_end(event: RunFinished, looked_at: int) -> Finding:
    """What ended a diverged run.

    Between two samples only the losses are known. If the bad step was no sample, the layers were looked at
    after an update had spoilt them, and which of them was first is not to be known.

    Args:
        event: the run's last.
        looked_at: the last step after which the layers were known as that step had found them.
    """
    layers, step = event.nonfinite or (), event.first_bad_step
    seen_at_once = step is None or step == looked_at
    variant = "plain" if layers and (seen_at_once or len(layers) == 1) else "unseen"
    evidence: dict[str, float | None] = {"first_bad_step": step, "layers": len(layers)}
    layer = layers[0] if variant == "plain" else None
    return Finding("non_finite", variant, layer=layer, layers=layers, evidence=evidence, since=step)


def _finite(*values: float | None) -> bool:
    return all(value is None or math.isfinite(value) for value in values)
