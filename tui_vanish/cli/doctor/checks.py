"""Examine what this machine has for training and for the app; `commands.doctor` prints the report."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.data.fashion_mnist import (
    DEBIAN,
    SAMPLE,
    DataError,
    Source,
    SourceKind,
    cache_folder,
    find_source,
    fingerprint_of,
    inspect,
    titled,
)
from engine.user_folders import has_home, user_folder
from scenarios.problems import printable
from tui_vanish.cli.doctor.devices import Devices, find_devices
from tui_vanish.cli.doctor.login import Session, Terminal, find_session, find_terminal
from tui_vanish.cli.options import user_scenarios
from tui_vanish.jobs.cores import cpu_quota, physical_cores, processors, spare_cores
from tui_vanish.working_folder import shadows
from vanish_recorder.storage.paths import default_runs_folder, obstacle

PACKAGE = "vanish-tui"
_SHOWN = 6  # of several names
_NEEDED = ("textual", "rich", "plotext", "pydantic", "platformdirs", "torch")


@dataclass(frozen=True, slots=True)
class Cores:
    """How much of the CPU this process may use.

    Attributes:
        logical: the logical processors.
        physical: the cores for training; two hyperthreads share one, and a quota may leave fewer.
        auto_threads: the limit of `--threads auto`.
        quota: the CPU time per second that a container allows, in seconds; None without a limit.
    """

    logical: int
    physical: int
    auto_threads: int
    quota: float | None = None


@dataclass(frozen=True, slots=True)
class FoundData:
    """One place where Fashion-MNIST may be. `problem` is empty if it can be used."""

    kind: str
    path: str
    images: str
    problem: str
    used: bool


@dataclass(frozen=True, slots=True)
class Folder:
    """One of the program's folders. It may be writable although it does not exist yet."""

    purpose: str
    path: str
    exists: bool
    writable: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found.

    Attributes:
        versions: by package; None if it is not installed.
        data: the places where data can be, in the order of the search.
        shadows: files and folders in the working folder with the name of a module that the program imports.
        problems: why this machine cannot train; empty if it can.
        remarks: what could work better.
    """

    versions: Mapping[str, str | None]
    devices: Devices
    cores: Cores
    data: tuple[FoundData, ...]
    terminal: Terminal
    folders: tuple[Folder, ...]
    session: Session
    shadows: tuple[str, ...]
    problems: tuple[str, ...]
    remarks: tuple[str, ...]


def examine(data: Path | None = None, runs_dir: Path | None = None) -> Report:
    """Examine everything; takes some seconds, because a separate process imports torch.

    Args:
        data: the value of `--data`.
        runs_dir: the value of `--runs-dir`.
    """
    versions = _versions()
    devices = find_devices()
    places, data_problem = _find_data(data)
    folders = (
        _folder("runs", runs_dir or default_runs_folder()),
        _folder("cache", user_folder("cache")),
        _folder("config", user_folder("config")),
        _folder("scenarios", user_scenarios()),
    )
    terminal, session = find_terminal(os.environ), find_session()
    shadowing = tuple(shadows())
    problems = [f"{name} is not installed" for name in _NEEDED if versions[name] is None]
    if versions["torch"] is not None and devices.problem:
        problems.append(devices.problem)
    if data_problem:
        problems.append(data_problem)
    return Report(
        versions=versions,
        devices=devices,
        cores=Cores(processors(), physical_cores(), spare_cores(), cpu_quota()),
        data=places,
        terminal=terminal,
        folders=folders,
        session=session,
        shadows=shadowing,
        problems=tuple(problems),
        remarks=tuple(_remarks(places, terminal, folders, session, shadowing)),
    )


def _remarks(
    places: tuple[FoundData, ...],
    terminal: Terminal,
    folders: tuple[Folder, ...],
    session: Session,
    shadowing: tuple[str, ...],
) -> list[str]:
    remarks = []
    if any(place.used and place.kind == "sample" for place in places):
        remarks.append(
            "training uses the included sample; `vanish-tui doctor --download` downloads the whole set"
        )
    if not has_home():
        remarks.append("there is no home folder: set HOME, or runs, settings and downloads cannot be saved")
    for folder in folders:
        if folder.purpose == "runs" and not folder.writable:
            remarks.append(f"runs cannot be saved in {folder.path}; name another folder with --runs-dir")
    if terminal.columns is not None and (terminal.columns < 80 or (terminal.rows or 0) < 24):
        remarks.append("the app needs a terminal of at least 80×24")
    if session.kills_processes and not session.lingering:
        remarks.append("logging out ends runs in the background; `loginctl enable-linger` prevents this")
    if shadowing:
        has = "has the name of a module" if len(shadowing) == 1 else "have the names of modules"
        remarks.append(
            f"{_listed(shadowing)} in this folder {has} that the program uses; vanish-tui never imports from"
            " here, but other Python programs do"
        )
    return remarks


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(printable, names[:_SHOWN]))
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


def _versions() -> dict[str, str | None]:
    versions: dict[str, str | None] = {"python": platform.python_version()}
    names = [PACKAGE, *_NEEDED, "torchvision"]
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return versions


def _find_data(named: Path | None) -> tuple[tuple[FoundData, ...], str]:
    """Every place, and the problem with the one that training would use."""
    used: Source | None = None
    problem = ""
    try:
        used = find_source(named)
    except DataError as error:
        problem = str(error)
    places = []
    if named is not None and (used is None or used.kind == "folder"):
        places.append(_place("folder", used.path if used else named, used, problem))
    known: tuple[tuple[SourceKind, Path], ...] = (
        ("cache", cache_folder()),
        ("debian", DEBIAN),
        ("sample", SAMPLE),
    )
    for kind, path in known:
        if not os.path.isdir(path):
            places.append(FoundData(kind, str(path), "", "not found", False))
            continue
        try:
            source = inspect(kind, path)
        except DataError as error:
            places.append(FoundData(kind, str(path), "", str(error), False))
        else:
            places.append(_place(kind, path, used, "", source))
    unreadable = next((place.problem for place in places if place.used and place.problem), "")
    return tuple(places), problem or unreadable


def _place(
    kind: str, path: Path, used: Source | None, problem: str, source: Source | None = None
) -> FoundData:
    found = source or used
    title = ""
    if found is not None:
        try:
            title = titled(fingerprint_of(found), found.train, found.test)
        except DataError as error:  # headers and lengths are right, the rest is not
            problem = str(error)
    return FoundData(kind, str(path), title, problem, used is not None and used.kind == kind)


def _folder(purpose: str, path: Path) -> Folder:
    """Whether the folder exists and is writable; if it does not exist yet, its nearest ancestor decides."""
    return Folder(purpose, str(path), os.path.isdir(path), not obstacle(path))
