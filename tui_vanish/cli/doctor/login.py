"""The terminal, and what the login session does at logout to processes that still run."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tui_vanish.cli.locales import is_utf8
from tui_vanish.terminal import over_ssh

_SECONDS = 3
_MANAGER = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal on standard output. Sizes are None if it is not a terminal.

    Attributes:
        kind: the value of TERM.
        colours: 16, 256 or 16 777 216; 0 under NO_COLOR.
        utf8: whether the locale has braille and box characters; otherwise the app draws in ASCII.
        multiplexer: tmux, screen, or empty.
    """

    is_terminal: bool
    kind: str
    columns: int | None
    rows: int | None
    colours: int
    utf8: bool
    ssh: bool
    multiplexer: str


@dataclass(frozen=True, slots=True)
class Session:
    """What systemd's logind does at logout; None if it is missing or does not answer.

    Attributes:
        kills_processes: its KillUserProcesses.
        lingering: whether this user's processes continue in spite of that.
    """

    kills_processes: bool | None
    lingering: bool | None


def find_terminal(environment: Mapping[str, str]) -> Terminal:
    """Examine standard output and the environment."""
    columns = rows = None
    is_terminal = sys.stdout.isatty()
    if is_terminal:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    kind = environment.get("TERM", "")
    return Terminal(
        is_terminal=is_terminal,
        kind=kind,
        columns=columns,
        rows=rows,
        colours=_colours(environment, kind),
        utf8=is_utf8(environment),
        ssh=over_ssh(environment),
        multiplexer="tmux" if environment.get("TMUX") else "screen" if environment.get("STY") else "",
    )


def find_session() -> Session:
    """Ask logind."""
    busctl, loginctl = shutil.which("busctl"), shutil.which("loginctl")
    kills = _ask([busctl, "--system", "get-property", *_MANAGER, "KillUserProcesses"]) if busctl else ""
    user = pwd.getpwuid(os.getuid()).pw_name if _has_name() else str(os.getuid())
    linger = _ask([loginctl, "show-user", user, "--property=Linger", "--value"]) if loginctl else ""
    return Session(
        kills_processes={"b true": True, "b false": False}.get(kills),
        lingering={"yes": True, "no": False}.get(linger),
    )


def _colours(environment: Mapping[str, str], kind: str) -> int:
    if "NO_COLOR" in environment or kind in ("", "dumb"):
        return 0
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or kind.endswith("-direct"):
        return 1 << 24
    return 256 if "256color" in kind else 16


def _has_name() -> bool:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:  # in a container whose user has no name
        return False
    return True


def _ask(command: list[str]) -> str:
    """The command's output; empty if it fails, as it does without systemd."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
