"""What the rules know of a network besides its samples: settings of its scenario."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from engine.protocol.data_spec import DATA_SPECS
from engine.protocol.spec import MLP, RunSpec
from scenarios.numbers import flatten

# σ_w² = fan-in × variance of a weight, between which weights keep the size of what passes through a layer: of
# ReLU around 2 (He et al. 2015), of tanh around 1 (Glorot and Bengio 2010).
_KEEPS_RELU = (1.5, 2.7)
_KEEPS_TANH = (0.8, 1.5)


@dataclass(frozen=True, slots=True)
class Network:
    """The settings that sentences and suggestions depend on. None or empty: unknown, as in a recorded run.

    Attributes:
        kind: as scenarios name it. Of other kinds than the slides', neither the activation nor the width is
            known: what follows from them does not hold there.
        residual: whether skip connections go around its blocks.
        cell: of a recurrent network, as scenarios name it.
        recurrent: the scheme by which its weights from one time step to the next are drawn.
        norm_place: of a transformer, as scenarios name it.
        warms_up: whether its learning rate starts low.
        clipped: whether its gradients are clipped.
        activation: of the hidden layers, as scenarios name it.
        beta: what sigmoid_beta adds to the slope.
        norm: the normalisation, as scenarios name it.
        width: units of a hidden layer.
        depth: hidden layers.
        skips: whether it has skip connections.
        init: the scheme of its initialization.
        sigma: σ_w² of the hidden layers that are as wide as their input.
        optimizer: as scenarios name it.
        rate: the learning rate that the scenario begins with; of SDAGD the radius.
        chance: the accuracy of guessing.
        precision: as scenarios name it.
        scaled: whether there is a loss scale.
    """

    kind: str = MLP
    residual: bool = False
    cell: str = ""
    recurrent: str = ""
    clipped: bool = False
    norm_place: str = ""
    warms_up: bool = False
    activation: str = ""
    beta: float | None = None
    norm: str = ""
    width: int | None = None
    depth: int = 0
    skips: bool = False
    init: str = ""
    sigma: float | None = None
    optimizer: str = ""
    rate: float | None = None
    chance: float | None = None
    precision: str = "fp32"
    scaled: bool = False

    @classmethod
    def of(cls, spec: RunSpec) -> Self:
        """Read what a run's description says."""
        hidden = [layer for layer in spec.layers if layer.role == "hidden"]
        settings = flatten(spec.record)
        data = DATA_SPECS.get(_text(settings, "data.name"))
        width = settings.get("model.width") if spec.kind == MLP else None
        return cls(
            kind=spec.kind,
            residual=settings.get("model.residual") is True,
            cell=_text(settings, "model.cell"),
            recurrent=_text(settings, "model.recurrent.scheme"),
            norm_place=_text(settings, "model.norm_place"),
            warms_up=_number(settings, "training.warmup_steps") is not None,
            clipped=_number(settings, "training.clip_norm") is not None,
            activation=hidden[0].activation if hidden else "",
            beta=_number(settings, "model.beta"),
            norm=hidden[0].norm if hidden else "",
            width=width if isinstance(width, int) and width > 0 else None,
            depth=len(hidden),
            skips=any(layer.skip_from for layer in spec.layers),
            init=_text(settings, "model.init.scheme"),
            sigma=_sigma(settings) if spec.kind == MLP else None,
            optimizer=_text(settings, "optimizer.name"),
            rate=spec.rate,
            chance=1 / data.classes if data else None,
            precision=_text(settings, "training.precision") or "fp32",
            scaled="training.loss_scale" in settings,
        )

    @property
    def dtype(self) -> str:
        """The type of the weights, as torch names it."""
        return {"bf16": "bfloat16", "fp16": "float16"}.get(self.precision, "float32")

    @property
    def gradients_in_fp16(self) -> bool:
        """Whether gradients pass through the layers in fp16."""
        return self.precision in ("fp16", "fp16_mixed")

    @property
    def keeps_size(self) -> bool:
        """Whether its weights are drawn so that ReLU or tanh keeps the size of the signal."""
        low, high = _KEEPS_RELU if self.activation == "relu" else _KEEPS_TANH
        return self.sigma is not None and low <= self.sigma <= high


def _sigma(settings: Mapping[str, Any]) -> float | None:
    gain = _number(settings, "model.init.gain") or 1.0
    match _text(settings, "model.init.scheme"):
        case "normal":
            std, width = _number(settings, "model.init.std"), _number(settings, "model.width")
            return None if std is None or width is None else width * std**2
        case "xavier" | "orthogonal":  # the same for a layer that is as wide as its input
            return gain**2
        case "he":
            return 2 * gain**2
        case "pytorch":
            return 1 / 3
        case _:
            return None


def _text(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    return value if isinstance(value, str) else ""


def _number(settings: Mapping[str, Any], key: str) -> float | None:
    value = settings.get(key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
