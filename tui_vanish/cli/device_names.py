"""The names of devices on the command line."""

import argparse
from typing import TYPE_CHECKING

from tui_vanish.cli.expected import found
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.language import tr

if TYPE_CHECKING:
    from engine.runtime.state import Settings


def one_device(text: str) -> str:
    """Parse the name of one device that is not chosen by the program."""
    if text == "auto" or "," in text:
        raise argparse.ArgumentTypeError(found(tr("expected cpu, cuda or cuda:N"), text))
    return device(text)


def device(text: str) -> str:
    """Parse one device, or several GPUs with commas between them."""
    names = text.split(",")
    if len(names) > 1:
        if not all(map(_is_one_gpu, names)):
            raise argparse.ArgumentTypeError(found(tr("expected GPUs such as cuda:0,cuda:2"), text))
        if len({int(name.partition(":")[2]) for name in names}) < len(names):
            raise argparse.ArgumentTypeError(found(tr("expected each GPU once"), text))
    elif text not in ("auto", "cpu", "cuda", "mps") and not _is_one_gpu(text):
        raise argparse.ArgumentTypeError(found(tr("expected auto, cpu, cuda or cuda:N"), text))
    return text


def _is_one_gpu(name: str) -> bool:
    kind, colon, number = name.partition(":")
    return kind == "cuda" and bool(colon) and number.isascii() and number.isdecimal()


def refuse_several(settings: "Settings", command: str) -> None:
    """Refuse several GPUs where only one is used.

    Raises:
        RefusedError: there are several.
    """
    if "," in settings.device:
        raise RefusedError(tr("{command} uses one device: name one GPU, such as cuda:0", command=command))
