"""Variants of a scenario: their titles, and the text of the files in which they are saved."""

import json
from collections.abc import Mapping
from typing import Any

from scenarios.files import RawTable, read
from scenarios.index import built_in
from scenarios.merging import inherit
from scenarios.numbers import PROSE, nested
from scenarios.schema import Scenario
from scenarios.validation import validate

PARENT = "depth-7"  # its file states everything and extends nothing, so any file may extend it
MOST_TITLE = 80

_NAMES = {
    "sgd": "SGD",
    "adam": "Adam",
    "sdagd": "SDAGD",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "he": "He",
    "xavier": "Xavier",
    "bce": "BCE",
    "cross_entropy": "cross entropy",
    "sigmoid_beta": "sigmoid + beta",
    "leaky_relu": "leaky relu",
    "bf16_mixed": "mixed bf16",
    "fp16_mixed": "mixed fp16",
    "pytorch": "PyTorch's",
    "cnn": "CNN",
    "rnn": "RNN",
    "lstm": "LSTM",
    "gru": "GRU",
}


def variant_title(base: Scenario, variant: Scenario) -> str:
    """A title such as `depth-7 with lr 0.1, He init`; the title of `base` if nothing differs."""
    ours, theirs = base.numbers(), variant.numbers()
    words = [_word(key, value, ours, theirs) for key, value in theirs.items() if ours.get(key) != value]
    words += [_REMOVED[key] for key in ours if key not in theirs and key in _REMOVED]
    words = [word for word in words if word]
    if not words:
        return base.title
    title = f"{base.id} with {', '.join(words)}"
    while len(title) > MOST_TITLE and len(words) > 1:
        words.pop()
        title = f"{base.id} with {', '.join(words)} and more"
    return title[:MOST_TITLE]


def file_text(scenario: Scenario) -> str:
    """The file that holds `scenario`: it extends depth-7 and states only what differs."""
    lines = [f"extends = {json.dumps(PARENT)}"]
    resolved = scenario.resolved()
    lines += [f"{key} = {toml_value(resolved[key])}" for key in resolved if key in PROSE and resolved[key]]
    return "\n".join([*lines, *_tables(nested(_stated(scenario)))]) + "\n"


def overrides(scenario: Scenario) -> list[str]:
    """The `--set` values that turn depth-7 into the scenario, such as `optimizer.lr=0.1`."""
    return [f"{key}={toml_value(value)}" for key, value in _stated(scenario).items()]


def _stated(scenario: Scenario) -> dict[str, Any]:
    """The values, by dotted key, that turn depth-7 into the scenario; each one that can be left out is."""
    below = read(built_in()[PARENT].path)
    wanted = scenario.numbers()
    stated = dict(wanted)
    for key in wanted:
        without = {name: value for name, value in stated.items() if name != key}
        table = inherit(below, nested(without) | {"title": scenario.title, "section": scenario.section})
        checked = validate(table | {"id": scenario.id}, scenario.id)
        if isinstance(checked, Scenario) and checked.numbers() == wanted:
            stated = without
    return stated


def free_id(base_id: str, taken: set[str]) -> str:
    """An id for a variant of `base_id` that isn't among those `taken`."""
    stem = base_id[:56]
    return next(name for number in range(2, len(taken) + 3) if (name := f"{stem}-{number}") not in taken)


# What a title says about a key; keys that are missing here are not mentioned.
_WORDS: dict[str, str] = {
    "model.kind": "{}",
    "model.hidden_layers": "{} layers",
    "model.blocks": "{} blocks per stage",
    "model.width": "width {}",
    "model.cell": "{} cell",
    "model.recurrent.scheme": "recurrent {}",
    "model.recurrent.std": "recurrent std {:g}",
    "model.forget_bias": "forget bias {:g}",
    "model.heads": "{} heads",
    "model.patch": "patches of {0}×{0}",
    "model.mlp_ratio": "mlp ratio {}",
    "model.norm_place": "{}-LN",
    "model.activation": "{}",
    "model.beta": "beta {:g}",
    "model.dropout": "dropout {:g}",
    "model.init.scheme": "{} init",
    "model.init.std": "std {:g}",
    "model.init.gain": "gain {:g}",
    "data.batch_size": "batch {}",
    "optimizer.name": "{}",
    "optimizer.lr": "lr {:g}",
    "optimizer.momentum": "momentum {:g}",
    "optimizer.weight_decay": "weight decay {:g}",
    "optimizer.alpha": "alpha {:g}",
    "optimizer.radius": "radius {:g}",
    "optimizer.norm": "{} norm",
    "training.loss": "{}",
    "training.epochs": "{} epochs",
    "training.clip_norm": "clipping at {:g}",
    "training.warmup_steps": "warm-up of {} steps",
    "training.cosine_to": "cosine to {:g}",
    "training.precision": "{}",
}
_REMOVED = {
    "stages": "no stages",
    "model.dropout": "no dropout",
    "training.clip_norm": "no clipping",
    "training.warmup_steps": "no warm-up",
    "training.cosine_to": "no cosine",
    "training.precision": "fp32",
    "training.loss_scale": "no loss scale",
}


def _word(key: str, value: Any, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    match key:
        case "model.norm":
            return "no norm" if value == "none" else f"{value} norm"
        case "model.residual":
            return "residual blocks" if value else "plain blocks"
        case "model.gradient":
            return f"{value} gradient"
        case "model.skip":
            pairs = " ".join(f"{source}-{target}" for source, target in value)
            return f"skip {pairs}" if value else "no skip"
        case "stages":
            return f"{len(value)} stages" if value else "no stages"
        case "training.loss_scale":
            return f"{value} loss scale" if value == "dynamic" else f"loss scale {value:g}"
        case "optimizer.momentum" if not value:
            return "" if ours.get("optimizer.name") != theirs.get("optimizer.name") else "no momentum"
        case "model.recurrent.gain":
            return "" if value == ours.get(key, 1.0) else f"recurrent gain {value:g}"
        case "model.init.gain" | "optimizer.norm" if key not in ours:
            return "" if value in (1.0, "layer") else _WORDS[key].format(value)
        case _:
            return _WORDS.get(key, "").format(_NAMES.get(value, value) if isinstance(value, str) else value)


def _tables(table: RawTable, name: str = "") -> list[str]:
    """The lines of a TOML table: first its own keys, then the tables in it."""
    plain = [f"{key} = {toml_value(value)}" for key, value in table.items() if not _is_table(value)]
    lines = ["", f"[{name}]", *plain] if plain and name else plain
    for key, value in table.items():
        inner = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            lines += _tables(value, inner)
        elif _is_table(value):
            for item in value:
                lines += ["", f"[[{inner}]]", *(f"{k} = {toml_value(v)}" for k, v in item.items())]
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def toml_value(value: Any) -> str:
    """A value as a TOML file has it."""
    match value:
        case float():
            return repr(value)
        case list():
            return f"[{', '.join(toml_value(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{key} = {toml_value(inner)}' for key, inner in value.items())}}}"
        case _:
            return json.dumps(value, ensure_ascii=False)
