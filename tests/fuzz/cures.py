"""Whether the scenarios that a verdict suggests are cures for the network at hand."""

from collections.abc import Iterator

from scenarios.schema import Adam, NormalInit, PyTorchInit, Scenario, Sdagd, Sgd
from vanish_recorder.protocol.events import VerdictChanged

NORMS = frozenset({"batchnorm", "layernorm", "customnorm"})
SCALES = frozenset({"relu-he", "tanh-xavier", "tanh-orthogonal"})
ADDRESS: dict[str, frozenset[str]] = {
    "non_finite": NORMS | SCALES | {"adam", "sigmoid-critical", "gradnorm"},
    "exploding": NORMS | SCALES | {"adam", "sigmoid-critical", "gradnorm", "skip"},
    "vanishing": NORMS
    | SCALES
    | {"adam", "skip", "sigmoid-critical", "gradnorm", "init-std-1", "sdagd", "relu-lr-05", "staged"},
    "forward_collapse": NORMS | SCALES | {"adam", "skip", "sigmoid-critical", "init-std-1"},
    "dead": NORMS | SCALES | {"adam", "sigmoid-critical"},
    "immovable": NORMS | SCALES | {"adam", "skip", "sigmoid-critical", "init-std-1", "sdagd", "relu-lr-05"},
    "saturated": NORMS | SCALES | {"sigmoid-critical", "relu"},
    "stuck": NORMS
    | SCALES
    | {"adam", "skip", "sigmoid-critical", "init-std-1", "sdagd", "relu-lr-05", "momentum"},
    "signal_shrinks": NORMS | SCALES | {"adam", "skip"},
}


def wrong_suggestions(change: VerdictChanged, scenario: Scenario) -> Iterator[str]:
    """The suggestions that the network has already, or that do not address the finding."""
    fitting = ADDRESS.get(change.kind, frozenset())
    for name in change.suggestions:
        if (there := already_there(name, scenario)) is not None:
            yield f"suggests {name}, but {there}"
        elif name not in fitting:
            yield f"suggests {name}, which does not address it"


def already_there(name: str, scenario: Scenario) -> str | None:
    """Why a network has what a suggestion would bring; None if it has not."""
    model, optimizer = scenario.mlp, scenario.optimizer
    gain = None if isinstance(model.init, NormalInit | PyTorchInit) else model.init.gain
    is_plain_gain = gain is not None and 0.8 <= gain <= 1.25
    norm = {"batchnorm": "batch", "layernorm": "layer", "customnorm": "custom"}.get(name)
    has = {
        "adam": isinstance(optimizer, Adam) and optimizer.lr <= 0.003,
        "sdagd": isinstance(optimizer, Sdagd),
        "momentum": isinstance(optimizer, Sgd) and optimizer.momentum > 0,
        "skip": bool(model.skip),
        "gradnorm": model.gradient == "normalised",
        "relu-he": model.activation == "relu" and model.init.scheme == "he" and is_plain_gain,
        "tanh-xavier": model.activation == "tanh" and model.init.scheme == "xavier" and is_plain_gain,
        "tanh-orthogonal": model.activation == "tanh" and model.init.scheme == "orthogonal" and is_plain_gain,
        "relu-lr-05": isinstance(optimizer, Sgd) and optimizer.lr >= 0.05,
    }
    if norm is not None and model.norm == norm:
        return f"the network has {model.norm} norm"
    return "the network has that" if has.get(name) else None
