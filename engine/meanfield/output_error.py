"""The gradient at the logits of an untrained network, as products over two samples."""

import math
import random
from functools import lru_cache, partial

from engine.meanfield import gaussian
from engine.meanfield.pairs import CLASSES, Pairs, Signal

_DRAWS = 1000  # the sampling error of a product is about 2 %


def output_error(loss: str, logits: Signal, batch: int) -> Pairs:
    """Predict the mean products δ·δ' of two samples' gradients at the logits.

    It assumes that the logits of the classes are Gaussian, and independent of each other and of the labels.
    The loss is averaged over the batch.

    Args:
        loss: cross_entropy, with the gradient softmax − one-hot; or bce, with (sigmoid − one-hot) / classes.
        logits: of one class: their variances (`sizes`) and covariances (`products`).
        batch: number of samples.
    """
    if loss == "bce":
        means = logits.sizes.combined(partial(gaussian.product, "sigmoid"), logits.products).scaled(CLASSES)
        expected, scale = 0.5, 1 / (CLASSES * batch)
    else:
        means = logits.sizes.combined(_softmax_covariance, logits.products).shifted(1 / CLASSES)
        expected, scale = 1 / CLASSES, 1 / batch
    # (p − y)·(p' − y') = p·p' − p[y'] − p'[y] + (1 if the labels are equal)
    return means.shifted(-2 * expected).plus(Pairs(1.0, 1.0, 0.0)).scaled(scale**2)


@lru_cache(maxsize=256)
def _softmax_covariance(q: float, c: float) -> float:
    """E Σ (p − 1/K)(p' − 1/K) over the K classes. It is sampled, because it has no closed form."""
    shared, own = math.sqrt(max(0.0, c)), math.sqrt(max(0.0, q - c))
    total = 0.0
    for common, left, right in _draws():
        p = _softmax([shared * m + own * e for m, e in zip(common, left, strict=True)])
        p_ = _softmax([shared * m + own * e for m, e in zip(common, right, strict=True)])
        total += sum((a - 1 / CLASSES) * (b - 1 / CLASSES) for a, b in zip(p, p_, strict=True))
    return total / _DRAWS


@lru_cache(maxsize=1)
def _draws() -> list[tuple[list[float], list[float], list[float]]]:
    """Standard normal numbers, the same for every prediction: (shared, own of u, own of v) per draw."""
    draw = random.Random(0)
    normals = [[draw.gauss(0.0, 1.0) for _ in range(CLASSES)] for _ in range(3 * _DRAWS)]
    return list(zip(normals[::3], normals[1::3], normals[2::3], strict=True))


def _softmax(logits: list[float]) -> list[float]:
    highest = max(logits)
    exponentials = [math.exp(logit - highest) for logit in logits]
    total = sum(exponentials)
    return [exponential / total for exponential in exponentials]
