"""The texts of the lab besides those of a run: the standings in the list, and a scenario's text."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_vanish.lab.scenario_list import Standing
from tui_vanish.lab.scenario_text import Paragraph
from tui_vanish.session.models import key_of

if TYPE_CHECKING:
    from engine.runtime.state import EngineSnapshot
    from scenarios.schema import Scenario
    from tui_vanish.session.saved_results import Result

# Shown while depth-7 is highlighted. In the narrowest terminal, too, each line fits beside the list.
WELCOME = Paragraph(
    "Welcome to vanish-tui",
    "Train networks, and see in every layer why\n"
    "gradients vanish or explode, and what helps.\n"
    "Press enter to train depth-7, ? for help.",
)


def standings(snapshot: "EngineSnapshot", saved: Mapping[str, "Result"]) -> dict[str, Standing]:
    """Status and accuracy of the latest run of each scenario, by the scenario's id.

    Args:
        snapshot: the runs of this session.
        saved: the latest saved runs, for scenarios without a run in this session.
    """
    known = {name: Standing(result.status, result.accuracy) for name, result in saved.items()}
    here: dict[bool, dict[str, Standing]] = {False: {}, True: {}}  # by whether the run is recorded
    for run in snapshot.runs:
        accuracy = run.last_epoch.test_accuracy if run.last_epoch else None
        here[run.is_recorded][key_of(run)] = Standing(run.status, accuracy, run.is_recorded)
    return here[True] | known | here[False]


def about(title: str, scenario: "Scenario") -> list[Paragraph]:
    """A scenario's texts, and its settings in numbers."""
    texts = [
        Paragraph("", title),
        Paragraph("Question", scenario.question),
        Paragraph("Watch for", scenario.watch_for),
        Paragraph("Lesson", scenario.lesson),
        Paragraph("Network", _network(scenario), short=True),
        Paragraph("Training", _training(scenario), short=True),
        Paragraph("Slide", scenario.slide, short=True),
    ]
    return [paragraph for paragraph in texts if paragraph.text]


def _network(scenario: "Scenario") -> str:
    model = scenario.model
    init = model.init
    drawn = f"std {init.std:g}" if init.scheme == "normal" else f"gain {init.gain:g}"
    words = [
        f"{model.hidden_layers} hidden layers of {model.width}",
        model.activation + (f" (beta {model.beta:g})" if model.beta is not None else ""),
        f"{init.scheme} init, {drawn}",
    ]
    if model.norm != "none":
        words.append(f"{model.norm} norm")
    if model.gradient != "plain":
        words.append(f"{model.gradient} gradient")
    if model.skip:
        words.append("skip " + ", ".join(f"{start} to {end}" for start, end in model.skip))
    return "\n".join(words)


def _training(scenario: "Scenario") -> str:
    optimizer, training = scenario.optimizer, scenario.training
    name = "Adam" if optimizer.name == "adam" else optimizer.name.upper()
    values = optimizer.model_dump(exclude={"eps", "betas"})
    settings = [f"{key} {value:g}" for key, value in values.items() if isinstance(value, float) and value]
    stages = len(scenario.stages)
    epochs = f"{training.epochs} epochs" + (f" in each of {stages} stages" if stages else "")
    words = [
        " ".join([name, *settings]),
        f"batch {scenario.data.batch_size}",
        training.loss.replace("_", " "),
    ]
    return "\n".join([*words, epochs])
