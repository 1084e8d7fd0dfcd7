"""What a verdict says. The sentences are data (`assets/verdicts.toml`); here numbers are set into them."""

import math
import string
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from engine.diagnosis.cures import applicable
from engine.diagnosis.finding import Finding
from engine.diagnosis.network import Network
from engine.protocol.spec import LayerSpec

_SENTENCES = Path(__file__).parent.parent / "assets" / "verdicts.toml"
# The quantity that a kind of finding counts in each layer: its evidence has it as `unmoved_layer1`.
COUNTED = {"immovable": "unmoved", "saturated": "saturated", "dead": "dead"}
_FEW = 3  # numbers that are listed one by one; of more, the smallest and the largest


def began(finding: Finding, layers: Sequence[LayerSpec]) -> str:
    """The cause in a sentence or two, with its numbers.

    Args:
        finding: what was found.
        layers: the run's.
    """
    sentences = _sentences()[finding.kind]
    causes: dict[str, str] = sentences.get("causes", {})
    values: dict[str, Any] = dict(finding.evidence)
    values |= {
        "layer": _layer_names([finding.layer] if finding.layer else [], layers),
        "reference": _layer_names([finding.reference] if finding.reference else [], layers),
        "layers": _layer_names(finding.layers, layers),
        "each": [
            finding.evidence[key]
            for name in finding.layers
            if (key := f"{COUNTED.get(finding.kind)}_{name}") in finding.evidence
        ],
    }
    values["rate_name"] = finding.cause
    values |= {key: _layer_names([name], layers) for key, name in finding.named.items()}
    cause = causes.get(finding.cause, "")
    values["cause"] = f": {_FORMATTER.vformat(cause, (), values)}" if cause else ""
    text = _FORMATTER.vformat(sentences[finding.variant], (), values)
    return text[:1].upper() + text[1:]


def ended(kind: str, since: int, step: int, *, with_stage: bool) -> str:
    """That it is over, or that the stage is in which it held."""
    sentence, sentences = "ended_with_stage" if with_stage else "ended", _sentences()
    template = sentences[kind].get(sentence, sentences["any"][sentence])
    return _FORMATTER.vformat(template, (), {"since": since, "step": step})


def suggestions(finding: Finding, network: Network, besides: str) -> tuple[str, ...]:
    """The scenarios to try next.

    Args:
        finding: what is wrong.
        network: which has the finding; what it has already is not suggested.
        besides: the run's own scenario, which is none of them.
    """
    lists: dict[str, list[str]] = _sentences()[finding.kind].get("try", {})
    names = lists.get(finding.variant) or lists.get(finding.cause) or lists.get("any", [])
    return applicable(names, network, besides)


@cache
def _sentences() -> Mapping[str, Any]:
    return tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))


class _Formatter(string.Formatter):
    """The styles that numbers come in; a sentence names one after a colon."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list):
            few = len(value) <= _FEW
            parts = [self.format_field(item, format_spec) for item in (value if few else sorted(value))]
            return _listed(parts) if few else f"{parts[0]} to {parts[-1]}"
        if isinstance(value, float | int) and format_spec in _STYLES:
            return _STYLES[format_spec](value)
        return "nothing" if value is None else str(value)


def _factor(value: float) -> str:
    return f"1/{_times(1 / value)}" if 0 < value < 1 else _times(value)


def _part(value: float) -> str:
    if value == 0:
        return "nothing"
    if not 0 < value < 0.5:
        return _times(value)
    return f"1/{1 / value:.0f}" if value >= 0.001 else _power(value)


def _times(value: float) -> str:
    return _power(value) if value >= 10_000 and math.isfinite(value) else f"{float(f'{value:.2g}'):g}"


def _power(value: float) -> str:
    """1.2e-6, 1e7."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _percent(value: float) -> str:
    if 0.995 <= value < 1:
        return f"{100 * min(value, 0.9999):.4g} %"  # 100 % is only what is all of it
    return f"{100 * value:.2g} %" if value < 0.01 else f"{100 * value:.0f} %"


def _loss(value: float) -> str:
    return f"{value:.4g}"


def _count(value: float) -> str:
    return f"{value:.0f}"


_STYLES = {
    "factor": _factor,
    "part": _part,
    "times": _times,
    "percent": _percent,
    "loss": _loss,
    "count": _count,
}
_FORMATTER = _Formatter()


def _outputs(layers: Sequence[LayerSpec]) -> set[str]:
    return {layer.name for layer in layers if layer.role == "output"}


def _layer_names(names: Sequence[str], layers: Sequence[LayerSpec]) -> str:
    """layer 2, layers 1-3 and 5, the output layer; layers without a number by their names."""
    known = {layer.name: layer.number for layer in layers}
    outputs = [name for name in names if name in _outputs(layers)]
    numbers = [number for name in names if (number := known.get(name)) is not None]
    others = [name for name in names if name not in outputs and known.get(name) is None]
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda item: item[1] - item[0])
    ]
    ranges = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    parts = [f"layer{'s' if len(numbers) > 1 else ''} {_listed(ranges)}"] if numbers else []
    return _listed([*parts, *others, *(["the output layer"] if outputs else [])])


def _listed(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
