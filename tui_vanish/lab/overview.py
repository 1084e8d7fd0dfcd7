"""What the lab shows besides a run: the machine and all runs in a row, the list, a scenario's text."""

from typing import TYPE_CHECKING

from tui_vanish.lab.scenario_list import Standing
from tui_vanish.lab.scenario_text import Paragraph

if TYPE_CHECKING:
    from engine.protocol.events import Record
    from engine.runtime.state import EngineSnapshot

_SEPARATOR = " · "


def standings(snapshot: "EngineSnapshot") -> dict[str, Standing]:
    """How the latest run of each scenario stands, by its id."""
    return {
        run.scenario_id: Standing(run.status, run.last_epoch.test_accuracy if run.last_epoch else None)
        for run in snapshot.runs
    }


def about(title: str, scenario: "Record") -> list[Paragraph]:
    """A scenario's prose, and what it is in numbers."""
    texts = [
        Paragraph("", title),
        Paragraph("Question", scenario.get("question", "")),
        Paragraph("Watch for", scenario.get("watch_for", "")),
        Paragraph("Lesson", scenario.get("lesson", "")),
        Paragraph("Network", _network(scenario)),
        Paragraph("Training", _training(scenario)),
        Paragraph("Slide", scenario.get("slide", "")),
    ]
    return [paragraph for paragraph in texts if paragraph.text]


def _network(scenario: "Record") -> str:
    model = scenario["model"]
    init = model["init"]
    drawn = f"std {init['std']:g}" if "std" in init else f"gain {init.get('gain', 1):g}"
    words = [
        f"{model['hidden_layers']} hidden layers of {model['width']}",
        model["activation"] + (f" (beta {model['beta']:g})" if model.get("beta") is not None else ""),
        f"{init['scheme']} init, {drawn}",
    ]
    if model.get("norm", "none") != "none":
        words.append(f"{model['norm']} norm")
    if model.get("gradient", "plain") != "plain":
        words.append(f"{model['gradient']} gradient")
    if model.get("skip"):
        words.append("skip " + ", ".join(f"{start} to {end}" for start, end in model["skip"]))
    return _SEPARATOR.join(words)


def _training(scenario: "Record") -> str:
    optimizer, training = dict(scenario["optimizer"]), scenario["training"]
    name = str(optimizer.pop("name")).upper() if optimizer["name"] != "adam" else _named(optimizer)
    settings = [
        f"{key} {value:g}" for key, value in optimizer.items() if isinstance(value, int | float) and value
    ]
    stages = len(scenario.get("stages") or ())
    epochs = f"{training['epochs']} epochs" + (f" in each of {stages} stages" if stages else "")
    words = [
        " ".join([name, *settings]),
        f"batch {scenario['data']['batch_size']}",
        training["loss"].replace("_", " "),
    ]
    return _SEPARATOR.join([*words, epochs])


def _named(optimizer: "Record") -> str:
    del optimizer["name"], optimizer["eps"], optimizer["betas"]
    return "Adam"
