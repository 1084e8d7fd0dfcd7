"""What a scenario file may contain: its tables, keys, names and bounds.

The names that a file may use are defined here, and the engine maps each one to what it builds.
`scenarios.conflicts` checks values that are valid one by one but not together.
A field's `title` is its label in the editor's form, if that is not its key.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from scenarios.conflicts import conflicts
from scenarios.networks import (
    CONFIG,
    Cnn,
    Init,
    Mlp,
    Model,
    NormalInit,
    PyTorchInit,
    Rnn,
    ScaledInit,
    Table,
    Transformer,
)
from scenarios.numbers import flatten, numbers

__all__ = [
    "CONFIG",
    "Adam",
    "AdamW",
    "Cnn",
    "Data",
    "Init",
    "Mlp",
    "Model",
    "NormalInit",
    "Optimizer",
    "PyTorchInit",
    "RmsProp",
    "Rnn",
    "ScaledInit",
    "Scenario",
    "Sdagd",
    "Sgd",
    "Stage",
    "Table",
    "Training",
    "Transformer",
]

LossName = Literal["cross_entropy", "bce"]
DataName = Literal["fashion-mnist"]
PrecisionName = Literal["fp32", "bf16", "fp16", "bf16_mixed", "fp16_mixed"]


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise PydanticCustomError("unprintable", "control characters in the text")
    return value


# Prose in a file may have line breaks, so each sequence of white space becomes one space. Control characters
# are refused because the text is printed on a terminal.
Prose = Annotated[str, BeforeValidator(_one_line), AfterValidator(_printable)]
WholeNumbers = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False)]


def _loss_scale(value: object) -> float | str:
    if value in ("none", "dynamic"):
        return str(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 2**24:
        return float(value)
    raise ValueError


LossScaleSetting = Annotated[float | str, PlainValidator(_loss_scale)]


class Data(Table):
    """The data set, and the number of images per batch."""

    name: DataName
    batch_size: int = Field(ge=1, le=60_000, title="batch")


class Sgd(Table):
    """Stochastic gradient descent, with momentum if it is above 0."""

    name: Literal["sgd"]
    lr: float = Field(gt=0, le=1000)
    momentum: float = Field(default=0.0, ge=0, lt=1)


class Adam(Table):
    """Adam with bias correction (Kingma and Ba 2015); the defaults are the paper's, as on the slide."""

    name: Literal["adam"]
    lr: float = Field(default=0.001, gt=0, le=1000)
    betas: Annotated[
        tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]],
        Field(strict=False, description="two numbers from 0 to below 1, such as [0.9, 0.999]"),
    ] = (0.9, 0.999)
    eps: float = Field(default=1e-8, gt=0, le=1)


class AdamW(Table):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); the defaults are PyTorch's.

    Attributes:
        weight_decay: each step first shrinks all parameters by the factor 1 − lr · weight_decay.
    """

    name: Literal["adamw"]
    lr: float = Field(default=0.001, gt=0, le=1000)
    betas: Annotated[
        tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]],
        Field(strict=False, description="two numbers from 0 to below 1, such as [0.9, 0.999]"),
    ] = (0.9, 0.999)
    eps: float = Field(default=1e-8, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0, le=100)


class RmsProp(Table):
    """RMSprop (Tieleman and Hinton 2012); the defaults are PyTorch's.

    Attributes:
        alpha: how much of the mean of the squared gradients a step keeps.
    """

    name: Literal["rmsprop"]
    lr: float = Field(default=0.01, gt=0, le=1000)
    alpha: float = Field(default=0.99, ge=0, lt=1)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    eps: float = Field(default=1e-8, gt=0, le=1)


class Sdagd(Table):
    """SDAGD as reconstructed from Tan and Lim 2020.

    Attributes:
        radius: R in μ = ‖g‖/R; it sets the length of a step.
        norm: ‖g‖ over one layer's parameters, or over the whole network's.
    """

    name: Literal["sdagd"]
    radius: float = Field(gt=0, le=1000)
    norm: Literal["layer", "global"] = Field(default="layer", title="norm of g")


Optimizer = Annotated[Sgd | Adam | Sdagd | AdamW | RmsProp, Field(discriminator="name")]


class Training(Table):
    """The loss, the number of epochs, and what changes the optimizer's steps.

    Attributes:
        loss: what is minimised.
        epochs: of each stage, if there are several.
        clip_norm: a gradient whose norm over all parameters is larger is scaled down to this norm.
        warmup_steps: over so many steps of a stage the learning rate rises in a straight line to its value.
        cosine_to: then it falls along half a cosine to this part of its value at the stage's end.
        precision: the types of all numbers but the loss. `bf16` and `fp16` have 16 bits for the weights as
            well; `bf16_mixed` and `fp16_mixed` keep them in float32, and compute with 16-bit copies of them
            (Micikevicius et al. 2018).
        loss_scale: by what the loss is multiplied before the backward pass, and the gradients are divided
            after it; `dynamic` begins at 65536, halves when a gradient overflows, and doubles after 2000
            steps in which none did. A step whose gradient overflows is skipped.
    """

    loss: LossName
    epochs: int = Field(ge=1, le=1_000_000)
    clip_norm: float | None = Field(
        default=None, gt=0, le=1_000_000, description="a number above 0, at most 1000000"
    )
    warmup_steps: int | None = Field(
        default=None, ge=1, le=1_000_000, description="a whole number from 1 to 1000000"
    )
    cosine_to: float | None = Field(default=None, ge=0, le=1, description="a number from 0 to 1")
    precision: PrecisionName = "fp32"
    loss_scale: LossScaleSetting = Field(
        default="none", description="none, dynamic, or a number from 1 to 16777216"
    )


class Stage(Table):
    """One stage of a schedule; it gets a new output layer and a new optimizer.

    Attributes:
        sub_models: the sub-models that exist, by their number of layers, starting at the input.
        train: which of them train, counted from 1; the others are frozen. The output layer always trains.
    """

    sub_models: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...],
        Field(
            strict=False,
            min_length=1,
            description="a list with the number of layers of each sub-model, such as [2, 2]",
        ),
    ]
    train: WholeNumbers = Field(
        description="a list of the sub-models that train, counted from 1, such as [2]"
    )


class Scenario(Table):
    """One complete experiment: what it is about, and everything except the seed that decides its numbers.

    Attributes:
        id: its file's name.
        title: shown in lists.
        section: the heading under which it is listed.
        slide: the slide's title and the model on it; empty if it is not on the slides.
        question: the question that the experiment answers.
        watch_for: where to look while it trains.
        lesson: what it teaches.
        stages: the schedule; empty means one stage that trains everything.
    """

    id: str = Field(
        title="name",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="a file name of at most 64 letters, digits, dots, dashes and underscores",
    )
    title: Prose = Field(min_length=1, max_length=80, description="a text of 1 to 80 characters")
    section: Prose = Field(min_length=1, max_length=40, description="a text of 1 to 40 characters")
    slide: Prose = ""
    question: Prose = ""
    watch_for: Prose = ""
    lesson: Prose = ""
    model: Model
    data: Data
    optimizer: Optimizer
    training: Training
    stages: Annotated[tuple[Stage, ...], Field(strict=False, description="[[stages]] tables")] = ()

    @model_validator(mode="after")
    def _has_no_conflict(self) -> "Scenario":
        for conflict in conflicts(flatten(self.model_dump())):
            raise PydanticCustomError("conflict", "{text}", {"text": f"{conflict.key}: {conflict.message}"})
        return self

    @property
    def mlp(self) -> Mlp:
        """The network, if it is of the slides' kind.

        Raises:
            TypeError: it is of another kind.
        """
        if not isinstance(self.model, Mlp):
            raise TypeError(f"{self.id} is no mlp, but a {self.model.kind}")
        return self.model

    def resolved(self) -> dict[str, Any]:
        """The whole scenario for JSON, with its `id`; `Scenario.model_validate` reads it back."""
        resolved = self.model_dump(mode="json", exclude_none=True)
        # Like the keys without a value, these are left out where they change nothing.
        for key, usual in (("precision", "fp32"), ("loss_scale", "none")):
            if resolved["training"][key] == usual:
                del resolved["training"][key]
        return resolved

    def numbers(self) -> dict[str, Any]:
        """The settings that decide the numbers, by dotted key: everything except the id and the prose."""
        return numbers(self.resolved())
