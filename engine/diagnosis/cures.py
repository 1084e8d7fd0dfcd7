"""Which scenarios a finding suggests: only cures that the network lacks and that address the finding."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from engine.diagnosis.network import Network

_MOST = 3
_LARGER_RATE = 0.05  # of relu-lr-05

# Whether a scenario would change the network in the way that the scenario is about, by kind of network.
_CHANGES: Mapping[str, Mapping[str, Callable[[Network], bool]]] = MappingProxyType(
    {
        "mlp": {
            "adam": lambda network: network.optimizer not in ("adam", "adamw", "rmsprop", "sdagd"),
            "batchnorm": lambda network: network.norm != "batch",
            "bf16-mixed": lambda network: network.precision in ("bf16", "fp16", "fp16_mixed"),
            "fp16-loss-scale": lambda network: network.gradients_in_fp16 and not network.scaled,
            "relu-he": lambda network: network.activation != "relu" or not network.keeps_size,
            "relu-lr-05": lambda network: (
                network.activation == "relu"
                and network.optimizer == "sgd"
                and network.rate is not None
                and network.rate < _LARGER_RATE
            ),
            "skip": lambda network: not network.skips and network.depth > 2,
            "tanh-orthogonal": lambda network: (
                network.activation != "tanh" or network.init != "orthogonal" or not network.keeps_size
            ),
            "tanh-xavier": lambda network: network.activation != "tanh" or not network.keeps_size,
        },
        "cnn": {
            "resnet-20": lambda network: not network.residual,
            "plain-20-batchnorm": lambda network: network.norm != "batch",
        },
        "rnn": {
            "lstm-rows": lambda network: network.cell != "lstm",
            "gru-rows": lambda network: network.cell == "rnn",
            "rnn-orthogonal": lambda network: network.cell == "rnn" and network.recurrent != "orthogonal",
            "rnn-clipped": lambda network: not network.clipped,
        },
        "transformer": {
            "vit-pre-ln": lambda network: network.norm_place != "pre",
            "vit-post-ln-warmup": lambda network: not network.warms_up,
        },
    }
)
CURES = frozenset(name for names in _CHANGES.values() for name in names)


def applicable(names: Sequence[str], network: Network, besides: str) -> tuple[str, ...]:
    """The first few of `names` that would change the network.

    Args:
        names: of scenarios that address a finding, the best first.
        network: which has the finding.
        besides: the run's own scenario, which is never suggested.
    """
    changes = _CHANGES.get(network.kind, {})
    found = (name for name in names if name != besides and name in changes and changes[name](network))
    return tuple(found)[:_MOST]
