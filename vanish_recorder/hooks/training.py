"""Hooks into torch that tell the recorders what a script's training does.

They are there only while a recorder listens. The hooks of optimizers are torch's own, for all optimizers, so
that those are seen that a trainer makes later. Nothing is put on an optimizer, a scaler or a tensor.
"""

import os
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from vanish_recorder.hooks.listener import Call, Listener

_listeners: list[Listener] = []
_handles: list[RemovableHandle] = []
_originals: dict[str, Any] = {}


def listen(listener: Listener) -> None:
    """Tell `listener` from now on, until `leave`."""
    _listeners.append(listener)
    if len(_listeners) == 1:
        _install()


def leave(listener: Listener) -> None:
    """Tell `listener` nothing more."""
    if listener in _listeners:
        _listeners.remove(listener)
        if not _listeners:
            _uninstall()


def _install() -> None:
    _handles.append(register_optimizer_step_pre_hook(_before_step))
    _handles.append(register_optimizer_step_post_hook(_after_step))
    backward, step = torch.autograd.backward, torch.amp.GradScaler.step
    _originals["backward"], _originals["step"] = backward, step

    @wraps(backward)
    def with_roots(tensors: Any, *args: Any, **kwargs: Any) -> None:
        if torch.compiler.is_compiling():
            return backward(tensors, *args, **kwargs)
        roots = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
        for listener in tuple(_listeners):
            listener.before_backward(roots)
        backward(tensors, *args, **kwargs)
        for listener in tuple(_listeners):
            listener.after_backward()

    @wraps(step)
    def with_skips(scaler: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        if not scaler.is_enabled():
            return step(scaler, optimizer, *args, **kwargs)
        inner = unwrapped(optimizer)
        for listener in tuple(_listeners):
            listener.before_scaled_step(inner, scaler)
        result = step(scaler, optimizer, *args, **kwargs)
        for listener in tuple(_listeners):
            listener.after_scaled_step(inner, scaler)
        return result

    torch.autograd.backward = with_roots
    torch.amp.GradScaler.step = with_skips  # type: ignore[method-assign, assignment]
    _originals["with_roots"], _originals["with_skips"] = with_roots, with_skips


def _uninstall() -> None:
    while _handles:
        _handles.pop().remove()
    # What somebody else wrapped meanwhile stays: it calls ours, which tell no one any more.
    if torch.autograd.backward is _originals["with_roots"]:
        torch.autograd.backward = _originals["backward"]
    if torch.amp.GradScaler.step is _originals["with_skips"]:
        torch.amp.GradScaler.step = _originals["step"]  # type: ignore[method-assign]


def unwrapped(optimizer: Any) -> Any:
    """The optimizer inside a wrapper such as accelerate's, which refuses hooks."""
    seen = 0
    while (inner := getattr(optimizer, "optimizer", None)) is not None and seen < 10:
        if not isinstance(inner, Optimizer) and not hasattr(inner, "optimizer"):
            break
        optimizer, seen = inner, seen + 1
    return optimizer


def _before_step(optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    call: Call | None = None
    for listener in tuple(_listeners):
        call = listener.before_step(optimizer, call or (args, kwargs)) or call
    return call


def _after_step(optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    for listener in tuple(_listeners):
        listener.after_step(optimizer)


# Seen by torch.compile: it leaves a compiled training step here, and does not trace the recorder.
for _hook in (_before_step, _after_step):
    _hook._torchdynamo_disable = True  # type: ignore[attr-defined]


def _forget() -> None:
    """In a forked process, for example a worker that loads data, nothing is recorded."""
    if _listeners:
        _listeners.clear()
        _uninstall()


os.register_at_fork(after_in_child=_forget)
