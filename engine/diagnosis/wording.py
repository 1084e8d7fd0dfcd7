"""What a verdict says. The sentences are data (`assets/verdicts.toml`); here numbers are set into them."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from engine.diagnosis.cures import applicable
from engine.diagnosis.network import Network
from engine.diagnosis.thresholds import SLIGHTLY
from engine.protocol.spec import MLP, LayerSpec
from vanish_recorder.diagnosis.finding import COUNTED, Finding
from vanish_recorder.diagnosis.sentence import filled, listed

_SENTENCES = Path(__file__).parent.parent / "assets" / "verdicts.toml"


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
    ratio = finding.evidence.get("update_ratio")
    slightly = ratio is not None and ratio < SLIGHTLY
    values["smaller"] = sentences.get("smaller", {}).get("slightly" if slightly else "any")
    values |= {key: _layer_names([name], layers) for key, name in finding.named.items()}
    cause = causes.get(finding.cause, "")
    values["cause"] = f": {filled(cause, values)}" if cause else ""
    sentence = sentences[finding.variant]
    if any(layer.kind == "time" for layer in layers):
        sentence = sentences.get(f"{finding.variant}_in_time", sentence)
    text = filled(sentence, values)
    return text[:1].upper() + text[1:]


def ended(kind: str, since: int, step: int, *, with_stage: bool) -> str:
    """That it is over, or that the stage is in which it held."""
    sentence, sentences = "ended_with_stage" if with_stage else "ended", _sentences()
    template = sentences[kind].get(sentence, sentences["any"][sentence])
    return filled(template, {"since": since, "step": step})


def suggestions(finding: Finding, network: Network, besides: str) -> tuple[str, ...]:
    """The scenarios to try next.

    Args:
        finding: what is wrong.
        network: which has the finding; what it has already is not suggested.
        besides: the run's own scenario, which is none of them.
    """
    lists: dict[str, list[str]] = _sentences()[finding.kind].get("try", {})
    cause = finding.cause if network.kind == MLP else ""  # the lists of the causes name the slides' networks
    names = lists.get(finding.variant) or lists.get(cause) or lists.get("any", [])
    return applicable(names, network, besides)


@cache
def _sentences() -> Mapping[str, Any]:
    return tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))


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
    parts = [f"layer{'s' if len(numbers) > 1 else ''} {listed(ranges)}"] if numbers else []
    return listed([*parts, *_ranges(others), *(["the output layer"] if outputs else [])])


def _ranges(names: Sequence[str]) -> list[str]:
    """Names that end with a number, those that follow each other as a range: `block1 to block9`."""
    found: list[str] = []
    split = [(name.rstrip("0123456789"), name) for name in names]
    keyed = enumerate((stem, int(name[len(stem) :] or -1)) for stem, name in split)
    for _, run in groupby(keyed, key=lambda item: (item[1][0], item[1][1] - item[0])):
        members = [names[place] for place, _ in run]
        found += [f"{members[0]} to {members[-1]}"] if len(members) > 2 else members
    return found
