"""`watch`: begins to record a model.

What records is loaded by the first call, so that the import costs a script next to nothing.
"""

import atexit
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from vanish_recorder.lab import Lab

if TYPE_CHECKING:
    from vanish_recorder.protocol.event import Record
    from vanish_recorder.recorder import Recorder
    from vanish_recorder.schedule import Every

_NOT_SCRIPTS = {"__main__", "ipykernel_launcher", "colab_kernel_launcher"}
_open: "list[Recorder]" = []  # in the order of their beginning


def watch(
    model: nn.Module,
    optimizer: Any = None,
    *,
    name: str | None = None,
    config: Any = None,
    runs_dir: str | os.PathLike[str] | None = None,
    layers: str | Iterable[str] | None = None,
    every: "Every" = "auto",
    budget: float = 0.02,
    activations: bool = True,
    adds_losses: bool = False,
    control: bool = True,
    resume: bool = False,
    quiet: bool = False,
) -> Lab:
    """Record how a model trains, from now on. `vanish-tui` shows it live.

    The weights are bit-identical with it and without it. After it has returned, it raises nothing.

    Args:
        model: whose parameters an optimizer steps.
        optimizer: not needed: the optimizers that step the model's parameters are found, also later ones.
        name: of the run; the script's if it is left out.
        config: the settings that comparisons list the differences of: a dict, what argparse returns, or a
            dataclass.
        runs_dir: the folder for runs; the app's if it is left out.
        layers: names of the modules whose outputs are measured, with `*`: "h.*.attn".
        every: measure every so many steps; "auto" measures as often as the budget allows. The first ten
            steps are always measured.
        budget: with "auto", the share of the training's time that measuring may take.
        activations: whether outputs of layers and their gradients are measured, besides the weights.
        adds_losses: the loss of a step is the sum over its backward passes: for a script that accumulates
            gradients, and divides each loss by the number of batches.
        control: whether the user may change the training from the app, for example its learning rate.
        resume: continue the newest run of the same name.
        quiet: say nothing on stderr.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument has a value that is not allowed.
    """
    from vanish_recorder import surroundings
    from vanish_recorder.protocol.failures import reason_of
    from vanish_recorder.storage.paths import default_runs_folder

    _check(model, optimizer, every, budget)
    settings = surroundings.settings_of(config)
    patterns = _patterns(layers)
    if surroundings.rank() > 0:
        return Lab()
    tell = _silent if quiet else _say
    try:
        return _begin(
            model,
            Path(runs_dir) if runs_dir is not None else default_runs_folder(),
            {
                "name": name or _name_of_script(model),
                **surroundings.surroundings(),
                "config": settings,
                "every": every,
                "budget": budget,
                "layers": list(patterns),
                "control": bool(control),
            },
            layers=patterns,
            activations=activations,
            adds_losses=adds_losses,
            resume=resume,
            tell=tell,
        )
    except Exception as error:
        tell(f"nothing is recorded: {reason_of(error)}")
        return Lab()


def is_watched(model: nn.Module) -> bool:
    """Whether a model or one of its modules is being recorded."""
    watched = {id(recorder.model) for recorder in _open if recorder.model is not None}
    return any(id(module) in watched for module in model.modules())


def _begin(
    model: nn.Module,
    runs: Path,
    watched: "Record",
    *,
    layers: Sequence[str],
    activations: bool,
    adds_losses: bool,
    resume: bool,
    tell: Callable[[str], None],
) -> Lab:
    from vanish_recorder import ending
    from vanish_recorder.control import Inbox
    from vanish_recorder.model.tensors import find_tensors
    from vanish_recorder.recorder import Recorder
    from vanish_recorder.recording import Recording

    tensors = find_tensors(model)
    first = next((each for each in tensors.parameters), None)
    device = "cpu" if first is None else str(first.device)
    watched |= {"device": device, "dtype": _dtype(tensors.specs)}
    recording = Recording.create(
        runs,
        watched["name"],
        watched,
        device=device,
        parameters=tensors.learnt,
        resume=resume,
    )
    if recording.notice:
        tell(recording.notice)
    recorder = Recorder(
        model,
        recording,
        every=watched["every"],
        budget=watched["budget"],
        layers=layers,
        activations=activations,
        adds_losses=adds_losses,
        requests=Inbox(recording.folder).poll if watched["control"] else None,
        tell=tell,
    )
    _open.append(recorder)
    ending.listen()
    tell(f"recording {recording.run}; `vanish-tui` shows it")
    return Lab(recorder, recording.run, recording.folder)


def _check(model: Any, optimizer: Any, every: Any, budget: Any) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"watch(): model is {type(model).__name__}; give a torch.nn.Module")
    if optimizer is not None:
        from vanish_recorder.hooks.training import unwrapped

        for each in optimizer if isinstance(optimizer, list | tuple) else [optimizer]:
            if not hasattr(unwrapped(each), "param_groups"):
                what = type(each).__name__
                raise TypeError(
                    f"watch(): optimizer is {what}; give a torch.optim.Optimizer, or leave it out"
                )
    if every != "auto" and (type(every) is not int or every < 1):
        raise ValueError(f"watch(): every is {every!r}; give a number of steps from 1, or 'auto'")
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget <= 1:
        raise ValueError(f"watch(): budget is {budget!r}; give a share above 0 and up to 1, for example 0.02")


def _patterns(layers: Any) -> tuple[str, ...]:
    if layers is None:
        return ()
    patterns = (layers,) if isinstance(layers, str) else tuple(layers)
    if not patterns or not all(isinstance(each, str) and each for each in patterns):
        raise TypeError("watch(): layers must be names of modules, for example 'h.*.attn' or ['conv1', 'fc']")
    return patterns


def _name_of_script(model: nn.Module) -> str:
    """The script's name; the model's class if the program is an interpreter, a notebook or a package."""
    from vanish_recorder.model.names import innermost

    script = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in ("", "-c", "-m") else ""
    return script if script and script not in _NOT_SCRIPTS else type(innermost(model)).__name__.lower()


def _dtype(specs: Iterable[Any]) -> str:
    """The dtype of most of the parameters."""
    counts: dict[str, int] = {}
    for spec in specs:
        counts[spec.dtype] = counts.get(spec.dtype, 0) + 1
    return max(counts, key=lambda dtype: counts[dtype]) if counts else str(torch.get_default_dtype())


def _say(sentence: str) -> None:
    try:
        print(f"vanish-tui: {sentence}", file=sys.stderr, flush=True)
    except Exception:  # stderr may be closed
        return


def _silent(sentence: str) -> None:
    return


@atexit.register
def _close_all() -> None:
    """At the end of the script. An exception or an exit code that ended it is the reason in the log."""
    from vanish_recorder import ending

    for recorder in _open:
        recorder.close_after(ending.error())
    _open.clear()
