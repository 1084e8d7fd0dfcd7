"""What a run is recorded in: the script, its version, the machine and its settings."""

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch

from vanish_recorder.protocol.event import Record

_MOST_SETTINGS = 500
_LONGEST = 200  # characters of a value
_SECRET = re.compile(
    r"(?i)^-*(.*[_.-])?(api[_-]?key|password|passwd|secret|credentials?"
    r"|(access|auth|api|hf|hub|wandb|github|bearer)[_-]?token)$"
)
_GIT_SECONDS = 2.0


def surroundings() -> Record:
    """Where and with what this process runs."""
    script = sys.argv[0] if sys.argv and sys.argv[0] not in ("", "-c") else ""
    return {
        "script": os.path.abspath(script) if script and os.path.exists(script) else script,
        "arguments": without_secrets(sys.argv[1:]),
        "folder": _working_folder(),
        "git": git(_working_folder() if not os.path.exists(script) else os.path.dirname(script) or "."),
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            **({"cuda": torch.version.cuda} if torch.version.cuda else {}),
        },
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "world_size": world_size(),
    }


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def rank() -> int:
    """The number of this process among those that train together; 0 if it is alone."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank()
    return _of_environment("RANK", 0)


def world_size() -> int:
    """How many processes train together."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    return max(1, _of_environment("WORLD_SIZE", 1))


def _of_environment(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else default


def git(folder: str) -> Record | None:
    """The commit that is checked out in `folder`, and whether files have changed since; None without one.

    The repository's hooks and its monitor of files are not run.
    """
    program = shutil.which("git")  # if `subprocess` looked for it, Python would show old warnings again
    if program is None:
        return None
    command = [
        program,
        "-c",
        "core.fsmonitor=false",
        "-c",
        f"core.hooksPath={os.devnull}",
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=no",
        "--ignore-submodules=all",
    ]
    try:
        done = subprocess.run(
            command,
            cwd=folder or None,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    lines = done.stdout.decode(errors="replace").splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "")
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return None  # there is no commit yet
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}


def without_secrets(arguments: list[str]) -> list[str]:
    """The arguments of a command, with what looks like a key or a password left out."""
    shown: list[str] = []
    hide = False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hide and not argument.startswith("-"):
            argument = "***"
        elif equals and _SECRET.match(name):
            argument = f"{name}=***"
        hide = not equals and argument.startswith("-") and bool(_SECRET.match(argument))
        shown.append(argument)
    return shown


def settings_of(config: Any) -> dict[str, Any]:
    """What comparisons list the differences of: numbers, texts and truth values by dotted name.

    Args:
        config: a mapping, what argparse returns, a dataclass, or an object with attributes; None for nothing.

    Raises:
        TypeError: it is none of these.
    """
    if config is None:
        return {}
    if not isinstance(config, Mapping | Namespace) and not is_dataclass(config):
        to_dict = getattr(config, "to_dict", None)
        config = to_dict() if callable(to_dict) else config
        if not isinstance(config, Mapping) and not hasattr(config, "__dict__"):
            what = type(config).__name__
            raise TypeError(f"watch(): config is {what}; give a dict, what argparse returns, or a dataclass")
    found: dict[str, Any] = {}
    _flatten(config, "", found, 0)
    return found


def _flatten(value: Any, name: str, found: dict[str, Any], depth: int) -> None:
    if len(found) >= _MOST_SETTINGS:
        return
    pairs = _pairs(value) if depth < 6 else None
    if pairs is not None:
        for key, each in pairs:
            _flatten(each, f"{name}.{key}" if name else str(key), found, depth + 1)
    elif _SECRET.match(name.rpartition(".")[2]):
        found[name] = "***"
    elif value is None or isinstance(value, bool | int | float | str):
        found[name] = value[:_LONGEST] if isinstance(value, str) else _plain(value)
    elif isinstance(value, list | tuple | set | frozenset) and len(value) <= 20:
        found[name] = str(list(value))[:_LONGEST]
    elif not isinstance(value, torch.Tensor) or value.numel() <= 1:
        found[name] = str(value)[:_LONGEST]


def _plain(value: Any) -> Any:
    """Without a subclass, and without an integer that JSON readers cannot hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else str(int(value))
    return float(value)


def _pairs(value: Any) -> list[tuple[str, Any]] | None:
    """The names and values in a container with names; None if it is something else."""
    if isinstance(value, Mapping):
        return [(str(key), each) for key, each in value.items()]
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name, None)) for field in fields(value)]
    if isinstance(value, Namespace) or (
        not isinstance(value, type | torch.Tensor | str | int | float)
        and type(value).__module__ not in ("builtins", "pathlib", "torch")
        and isinstance(getattr(value, "__dict__", None), dict)
        and vars(value)
    ):
        return [(key, each) for key, each in vars(value).items() if not key.startswith("_")]
    return None
