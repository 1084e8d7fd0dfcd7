"""The texts of the lab besides those of a run: the standings in the list, and a scenario's text."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_vanish.lab.scenario_list import Standing
from tui_vanish.lab.scenario_text import Paragraph
from tui_vanish.language import plural, tr
from tui_vanish.session import prose
from tui_vanish.session.models import key_of

if TYPE_CHECKING:
    from engine.runtime.state import EngineSnapshot
    from scenarios.schema import Cnn, Init, Mlp, Rnn, Scenario, Transformer
    from tui_vanish.session.saved_results import Result


def welcome(*, can_train: bool) -> Paragraph:
    """Shown while depth-7 is highlighted. In the narrowest terminal, too, each line fits beside the list."""
    if can_train:
        text = tr(
            "Train networks, and see in every layer why\n"
            "gradients vanish or explode, and what helps.\n"
            "Press enter to train depth-7, ? for help."
        )
    else:
        text = tr(
            "See in every layer of a network why\n"
            "gradients vanish or explode, and what helps.\n"
            "Press b for a recorded run, ? for help."
        )
    return Paragraph(tr("Welcome to vanish-tui"), text)


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
        Paragraph(tr("Question"), prose.text_of(scenario, "question")),
        Paragraph(tr("Watch for"), prose.text_of(scenario, "watch_for")),
        Paragraph(tr("Lesson"), prose.text_of(scenario, "lesson")),
        Paragraph(tr("Network"), _network(scenario), short=True),
        Paragraph(tr("Training"), _training(scenario), short=True),
        Paragraph(tr("Slide"), scenario.slide, short=True),
    ]
    return [paragraph for paragraph in texts if paragraph.text]


def _network(scenario: "Scenario") -> str:
    model = scenario.model
    match model.kind:
        case "mlp":
            words = _of_mlp(model)
        case "cnn":
            words = _of_cnn(model)
        case "rnn":
            words = _of_rnn(model)
        case "transformer":
            words = _of_transformer(model)
    return "\n".join(words)


def _drawn(init: "Init") -> str:
    """How the weights are drawn."""
    match init.scheme:
        case "normal":
            values = f"std {init.std:g}"
        case "pytorch":
            return tr("PyTorch's default init")
        case _:
            values = f"gain {init.gain:g}"
    return tr("{scheme} init, {values}", scheme=init.scheme, values=values)


def _of_cnn(model: "Cnn") -> list[str]:
    words = [
        plural("{number} layer with weights", "{number} layers with weights", 6 * model.blocks + 2),
        tr(
            "{channels} channels, in later stages {more}",
            channels=model.width,
            more=tr("{first} and {second}", first=2 * model.width, second=4 * model.width),
        ),
        tr("residual blocks of 2 convolutions") if model.residual else tr("plain blocks of 2 convolutions"),
        model.activation,
        _drawn(model.init),
    ]
    return [*words, *([tr("{name} norm", name=model.norm)] if model.norm != "none" else [])]


def _of_rnn(model: "Rnn") -> list[str]:
    cell = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}[model.cell]
    words = [
        tr("{cell} of {width} units, 28 rows of an image", cell=cell, width=model.width),
        _drawn(model.init),
        tr("from step to step: {how}", how=_drawn(model.recurrent)),
    ]
    if model.forget_bias is not None:
        words.append(tr("forget bias {value}", value=f"{model.forget_bias:g}"))
    return words


def _of_transformer(model: "Transformer") -> list[str]:
    tokens = (28 // model.patch) ** 2
    return [
        plural(
            "{number} block of width {width}",
            "{number} blocks of width {width}",
            model.blocks,
            width=model.width,
        ),
        plural(
            "{number} head, {tokens} patches", "{number} heads, {tokens} patches", model.heads, tokens=tokens
        ),
        tr("post-LN") if model.norm_place == "post" else tr("pre-LN"),
        model.activation,
        _drawn(model.init),
    ]


def _of_mlp(model: "Mlp") -> list[str]:
    words = [
        plural(
            "{number} hidden layer of {width}",
            "{number} hidden layers of {width}",
            model.hidden_layers,
            width=model.width,
        ),
        model.activation + (f" (beta {model.beta:g})" if model.beta is not None else ""),
        _drawn(model.init),
    ]
    if model.norm != "none":
        words.append(tr("{name} norm", name=model.norm))
    if model.dropout:
        words.append(tr("dropout {part}", part=f"{model.dropout:g}"))
    if model.gradient != "plain":
        words.append(tr("{name} gradient", name=model.gradient))
    if model.skip:
        pairs = (tr("{start} to {end}", start=start, end=end) for start, end in model.skip)
        words.append(tr("skip {pairs}", pairs=", ".join(pairs)))
    return words


def _training(scenario: "Scenario") -> str:
    optimizer, training = scenario.optimizer, scenario.training
    names = {"adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}
    name = names.get(optimizer.name, optimizer.name.upper())
    values = optimizer.model_dump(exclude={"eps", "betas"})
    settings = [
        f"{key.replace('_', ' ')} {value:g}"
        for key, value in values.items()
        if isinstance(value, float) and value
    ]
    stages = len(scenario.stages)
    epochs = plural("{number} epoch", "{number} epochs", training.epochs)
    if stages:
        epochs = tr("{epochs} in each of {stages} stages", epochs=epochs, stages=stages)
    further = []
    if training.clip_norm is not None:
        further.append(tr("gradients clipped at norm {limit}", limit=f"{training.clip_norm:g}"))
    if training.warmup_steps is not None:
        further.append(plural("warm-up of {number} step", "warm-up of {number} steps", training.warmup_steps))
    if training.cosine_to is not None:
        further.append(tr("cosine down to {part} of the rate", part=f"{training.cosine_to:g}"))
    if training.precision != "fp32":
        further.append(
            tr("numbers in {precision}", precision=training.precision.replace("_mixed", ", mixed"))
        )
    if training.loss_scale == "dynamic":
        further.append(tr("dynamic loss scale"))
    elif training.loss_scale != "none":
        further.append(tr("loss scale {scale}", scale=f"{training.loss_scale:g}"))
    words = [
        " ".join([name, *settings]),
        *further,
        tr("batch {size}", size=scenario.data.batch_size),
        training.loss.replace("_", " "),
    ]
    return "\n".join([*words, epochs])
