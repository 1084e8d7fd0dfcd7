"""`watch` as a callback of a training framework. A framework is imported only with its callback."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_vanish.integrations.lightning_watch import LightningWatch as LightningWatch
    from tui_vanish.integrations.trainer_watch import TrainerWatch as TrainerWatch

__all__ = ["LightningWatch", "TrainerWatch"]

# The module of each callback; the packages that may have its framework, the one to install first.
_CALLBACKS = {
    "LightningWatch": ("lightning_watch", ("lightning", "pytorch_lightning")),
    "TrainerWatch": ("trainer_watch", ("transformers",)),
}


def __getattr__(name: str) -> Any:
    if name not in _CALLBACKS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, packages = _CALLBACKS[name]
    try:
        return getattr(import_module(f"{__name__}.{module}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in packages:
            raise
        raise ImportError(f"{name} needs {packages[0]}: pip install {packages[0]}") from None
