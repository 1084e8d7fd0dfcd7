"""Watches every model that an optimizer of this process trains, without a line in its script."""

import _thread
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, finalize, ref

from torch import nn
from torch.optim import optimizer as optimizers

from vanish_recorder.automatic.bootstrap.sitecustomize import OPTIONS
from vanish_recorder.automatic.roots import roots_of
from vanish_recorder.lab import Lab
from vanish_recorder.model.names import innermost
from vanish_recorder.watching import is_watched, watch


class Discovery:
    """One run for each model, whichever optimizers step it: two for a generator and its discriminator.

    Models that share an optimizer, such as an encoder and a decoder, are one run together.

    Args:
        note: adds a line to the report of the command.
    """

    def __init__(self, note: Callable[[str, str], None]) -> None:
        self._note = note
        self._options: dict[str, Any] = json.loads(os.environ.get(OPTIONS) or "{}")
        self._pid = os.getpid()
        self._labs: list[Lab] = []
        self._roots: dict[int, ref[nn.Module]] = {}
        # The modules that hold the models of one optimizer together live as long as it does.
        self._together: WeakKeyDictionary[optimizers.Optimizer, nn.Module] = WeakKeyDictionary()
        self._names: set[str] = set()
        self._stopping = optimizers.register_optimizer_step_post_hook(self._after_step)

    def discover(self, optimizer: optimizers.Optimizer, arguments: Any, keywords: Any) -> None:
        """Watch the models that an optimizer is about to step for the first time.

        Raises:
            Exception: they cannot be watched. The training can continue.
        """
        parameters = [each for group in optimizer.param_groups for each in group["params"]]
        roots = roots_of(parameters)
        if not roots:
            self._note("bare", type(optimizer).__name__)
        new = [root for root in roots if not self._is_known(root) and not is_watched(root)]
        if not new:
            if roots:
                self._note("recorded", "")
            return
        model = new[0]
        if len(new) > 1:
            model = self._together[optimizer] = _together(new)
            self._roots[id(model)] = ref(model)
        self._roots.update({id(root): ref(root) for root in new})
        lab = watch(
            model,
            name=self._name(new),
            runs_dir=self._options.get("runs_dir"),
            every=self._options.get("every", "auto"),
            adds_losses="transformers.trainer" in sys.modules,  # it divides the losses that it accumulates
            quiet=self._options.get("quiet", False),
        )
        self._labs.append(lab)
        finalize(model, self._end, lab).atexit = False  # the lab ends itself then, and knows how
        self._note("recorded", lab.run)
        # Torch has called the hooks of all optimizers already, so the new recorder would miss this step.
        lab.begin_step(optimizer, (arguments, keywords))
        hooks = optimizers._global_optimizer_post_hooks
        hooks.move_to_end(self._stopping.id)  # type: ignore[attr-defined]  # it is an OrderedDict

    def close(self) -> None:
        """End all runs of this process."""
        if os.getpid() == self._pid:
            for lab in self._labs:
                lab.close()

    def _end(self, lab: Lab) -> None:
        """The script has dropped the model, for example to try another one."""
        if lab in self._labs:
            self._labs.remove(lab)
            lab.close()

    def _is_known(self, root: nn.Module) -> bool:
        known = self._roots.get(id(root))
        return known is not None and known() is root

    def _name(self, roots: list[nn.Module]) -> str:
        """The name of a run: what the user chose, for the first one; else the script's and the model's."""
        model = "-".join(dict.fromkeys(type(innermost(root)).__name__ for root in roots[:3]))
        chosen = self._options.get("name")
        base = chosen or script_name(sys.argv[0] if sys.argv else "")
        name = chosen if chosen and chosen not in self._names else f"{base}-{model}"
        self._names.add(name)
        return str(name)

    def _after_step(self, optimizer: optimizers.Optimizer, arguments: Any, keywords: Any) -> None:
        if not any(lab.should_stop for lab in self._labs):
            return
        labs, self._labs = self._labs, []
        for lab in labs:
            lab.close("stopped")
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        _thread.interrupt_main()


def script_name(program: str) -> str:
    """The name of a script without its ending; of a package that `python -m` runs, the package's."""
    path = Path(program)
    return path.parent.name if path.name == "__main__.py" else path.stem.strip("-") or "python"


def _together(models: list[nn.Module]) -> nn.Module:
    """A module that holds several, each under the name of its class. They do not notice it."""
    holder = nn.Module()
    for model in models:
        kind = type(innermost(model)).__name__
        name, number = kind, 1
        while hasattr(holder, name):
            number += 1
            name = f"{kind}{number}"
        holder.add_module(name, model)
    return holder
