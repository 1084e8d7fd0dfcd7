"""Scripts of github.com/pytorch/examples, each with what is expected of it under `record`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance import data


@dataclass(frozen=True, slots=True)
class Example:
    """A script that is run with and without `record`.

    Attributes:
        name: in the table.
        folder: in the checkout.
        arguments: of its `main.py`.
        models: the classes of the models that are recorded; none if nothing can be.
        reason: words of the last line, if nothing can be recorded.
        saves: the files with weights that it writes.
        prepare: writes its data into the folder that it is run in, from the folder of the checkout.
        varies: it prints times or uses no seed, so its output is another each time.
    """

    name: str
    folder: str
    arguments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    reason: str = ""
    saves: tuple[str, ...] = ()
    prepare: Callable[[Path], None] = data.nothing
    varies: bool = False


_EPOCH = ("--epochs", "1")
_LANGUAGE = ("--data", "text", *_EPOCH, "--emsize", "32", "--nhid", "32")
EXAMPLES = (
    Example("mnist", "mnist", (*_EPOCH, "--save-model"), ("Net",), "", ("mnist_cnn.pt",), data.mnist),
    Example("vae", "vae", _EPOCH, ("VAE",), prepare=data.mnist),
    Example("mnist_rnn", "mnist_rnn", (*_EPOCH, "--save-model"), ("Net",), "", ("mnist_rnn.pt",), data.mnist),
    Example(
        "dcgan",
        "dcgan",
        ("--dataset", "fake", "--niter", "1", "--manualSeed", "1", "--ngf", "16", "--ndf", "16"),
        ("Discriminator", "Generator"),
        saves=("netG_epoch_0.pth", "netD_epoch_0.pth"),
    ),
    *(
        Example(
            f"word_language_model, {model}",
            "word_language_model",
            (*_LANGUAGE, "--model", model, "--use-optimizer", "--lr", "0.01"),
            (name,),
            saves=("model.pt",),
            prepare=data.text,
            varies=True,
        )
        for model, name in (("LSTM", "RNNModel"), ("Transformer", "TransformerModel"))
    ),
    Example(
        "word_language_model without an optimizer",
        "word_language_model",
        _LANGUAGE,
        reason="no optimizer made a step",
        saves=("model.pt",),
        prepare=data.text,
        varies=True,
    ),
    Example("regression", "regression", reason="no optimizer made a step", varies=True),
)
