"""Random scenarios, from the whole space of single-stage networks, and small data to train them on."""

import math
import random
from dataclasses import replace
from typing import Any

from engine.data.fashion_mnist import Dataset
from scenarios.schema import Scenario

STEPS = 40  # about as many per epoch

_ACTIVATIONS = [
    *("identity", "sigmoid", "tanh", "relu", "relu", "sigmoid_beta"),
    *("leaky_relu", "elu", "silu", "gelu"),
]


def random_scenario(draw: random.Random, epochs: int = 4) -> Scenario:
    """A valid scenario of 1 to 30 layers, small enough to train in seconds."""
    depth = draw.choice([draw.randint(1, 6), draw.randint(1, 15), draw.randint(8, 30)])
    width = int(log_uniform(draw, 16, 256 if depth < 8 else 100))
    activation = draw.choice(_ACTIVATIONS)
    model: dict[str, Any] = {
        "hidden_layers": depth,
        "width": width,
        "activation": activation,
        "norm": draw.choice(["none", "none", "none", "batch", "layer", "custom"]),
        "gradient": draw.choice(["plain"] * 7 + ["normalised"]),
        "init": _init(draw),
        "skip": _skips(draw, depth) if draw.random() < 0.25 else [],
    }
    if activation == "sigmoid_beta":
        model["beta"] = log_uniform(draw, 0.001, 0.3)
    optimizer = _optimizer(draw)
    loss = draw.choice(["cross_entropy"] * 3 + ["bce"])
    if optimizer["name"] == "sdagd":
        model |= {"norm": "none", "gradient": "plain", "skip": []}
        loss = "cross_entropy"
    table = {
        "id": "drawn",
        "title": "Drawn at random",
        "section": "Tests",
        "model": model,
        "data": {"name": "fashion-mnist", "batch_size": int(log_uniform(draw, 16, 512))},
        "optimizer": optimizer,
        "training": {"loss": loss, "epochs": epochs},
    }
    return Scenario.model_validate(table)


def small_data(sample: Dataset, batch_size: int, steps: int = STEPS) -> Dataset:
    """As much of the sample as makes epochs of about `steps` steps, and no batch of a single image."""
    images = min(len(sample.train_labels), steps * batch_size)
    passes = max(1, round(steps * batch_size / images))
    while images * passes % batch_size == 1:
        images -= 1
    return replace(
        sample,
        train_images=sample.train_images[:images],
        train_labels=sample.train_labels[:images],
        passes=passes,
    )


def described(scenario: Scenario) -> str:
    """The network in a line."""
    model, values = scenario.mlp, scenario.numbers()
    init = " ".join(f"{values[key]}" for key in values if key.startswith("model.init"))
    rate = " ".join(f"{values[key]}" for key in values if key.startswith("optimizer"))
    extras = [f"{model.norm} norm"] * (model.norm != "none") + ["normalised gradient"] * (
        model.gradient != "plain"
    )
    extras += [f"skips {model.skip}"] * bool(model.skip) + [f"beta {model.beta}"] * (model.beta is not None)
    return (
        f"{model.hidden_layers}x{model.width} {model.activation}, {init}, "
        f"{', '.join([*extras, rate])}, {scenario.training.loss}, batch {scenario.data.batch_size}"
    )


def log_uniform(draw: random.Random, low: float, high: float) -> float:
    """A number between two others, every order of magnitude as likely; three digits."""
    return float(f"{math.exp(draw.uniform(math.log(low), math.log(high))):.3g}")


def _init(draw: random.Random) -> dict[str, Any]:
    scheme = draw.choice(["normal", "normal", "xavier", "he", "orthogonal"])
    if scheme == "normal":
        return {"scheme": scheme, "std": log_uniform(draw, 0.005, 1)}
    return {"scheme": scheme, "gain": draw.choice([1.0, 1.0, log_uniform(draw, 0.3, 3)])}


def _optimizer(draw: random.Random) -> dict[str, Any]:
    match draw.choice(["sgd", "sgd", "sgd", "momentum", "adam", "adam", "sdagd"]):
        case "sgd":
            return {"name": "sgd", "lr": log_uniform(draw, 0.001, 1)}
        case "momentum":
            lr, momentum = log_uniform(draw, 0.001, 0.3), round(draw.uniform(0.5, 0.95), 2)
            return {"name": "sgd", "lr": lr, "momentum": momentum}
        case "adam":
            return {"name": "adam", "lr": log_uniform(draw, 1e-4, draw.choice([0.01, 1]))}
        case _:
            norm = draw.choice(["layer", "global"])
            return {"name": "sdagd", "radius": log_uniform(draw, 0.01, 1), "norm": norm}


def _skips(draw: random.Random, depth: int) -> list[list[int]]:
    """Every so many layers, or anywhere; at most one ends at a layer."""
    if depth < 2:
        return []
    if draw.random() < 0.5:
        hop = draw.randint(1, min(4, depth - 1))
        return [[layer, layer + hop] for layer in range(1, depth - hop + 1, hop)]
    targets = draw.sample(range(2, depth + 1), draw.randint(1, min(3, depth - 1)))
    return [[draw.randint(1, target - 1), target] for target in sorted(targets)]
