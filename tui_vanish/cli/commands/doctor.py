"""`vanish-tui doctor`: check what this machine has for training."""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from engine.data.download import download
from engine.data.fashion_mnist import DataError
from tui_vanish.cli import device_names, options
from tui_vanish.cli.doctor.checks import FoundData, Report, examine
from tui_vanish.cli.doctor.devices import Devices
from tui_vanish.cli.doctor.login import Session, Terminal
from tui_vanish.cli.gpu_check import STEPS, Part, check_gpu, print_parts, problems
from tui_vanish.cli.progress_line import ProgressLine
from tui_vanish.drawing import format
from tui_vanish.jobs import exits
from tui_vanish.jobs.telling import say, tell
from tui_vanish.language import marked, plural, tr, tr_in
from tui_vanish.language.below import spoken

_WIDTH = 11  # of the labels
EXAMPLES = (
    ("vanish-tui doctor", marked("what is missing on this machine")),
    ("vanish-tui doctor --download", marked("download Fashion-MNIST")),
    ("vanish-tui doctor --gpu", marked("train a little on the GPU, and compare with the CPU")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--json", action="store_true", help=tr("print a JSON object"))
    parser.add_argument(
        "--download", action="store_true", help=tr("download Fashion-MNIST into the cache first")
    )
    parser.add_argument(
        "--gpu",
        nargs="?",
        const="cuda",
        type=device_names.one_device,
        metavar="DEVICE",
        help=tr(
            "also train a little on the GPU (default: cuda): every scenario's losses against the CPU's, what"
            " limits a step, and six runs in lockstep; takes about a minute"
        ),
    )
    options.add_data_option(parser)
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Download if asked to, then report; exit code 1 if this machine cannot train."""
    failure = _download() if arguments.download else ""
    if failure:
        tell(failure)
    data = getattr(arguments, "data", None)
    report = examine(data, getattr(arguments, "runs_dir", None))
    if not arguments.json:
        say(_text(report))
    parts, failed = _check_gpu(arguments.gpu, data, report) if arguments.gpu else ((), [])
    if arguments.json:
        found = {"gpu": [asdict(part) for part in parts]} if arguments.gpu is not None else {}
        say(json.dumps(asdict(report) | found, indent=1))
    else:
        print_parts(parts, arguments.gpu)
    for text in failed:
        tell(text)
    return exits.FAILED if report.problems or failure or failed else 0


def _check_gpu(device: str, data: Path | None, report: Report) -> tuple[tuple[Part, ...], list[str]]:
    """The parts of the check of a GPU, and what failed. Without that GPU there are no parts."""
    if report.problems:
        return (), []
    if device not in ("cpu", "cuda", *(gpu.device for gpu in report.devices.gpus)) or (
        device == "cuda" and not report.devices.gpus
    ):
        why = spoken(report.devices.why_none) if report.devices.why_none else tr("there is no such GPU")
        return (), [tr("{device} cannot be checked: {reason}", device=device, reason=why)]
    began = monotonic()
    with ProgressLine() as line:
        parts = check_gpu(device, data, STEPS, line.show)
        line.show(tr("measured in {time} min", time=format.duration(monotonic() - began)))
    return parts, problems(parts, device)


def _download() -> str:
    """Download the data, with a bar on standard error; returns the error, or an empty text."""
    progress, finish = _bar() if sys.stderr.isatty() else (_nothing, lambda: None)
    try:
        source = download(progress)
    except DataError as error:
        return str(error)
    finally:
        finish()
    tell(tr("Fashion-MNIST is in {path}", path=source.path))
    return ""


def _bar() -> tuple[Callable[[str, int, int], None], Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=Console(stderr=True)
    )
    tasks = {}

    def progress(name: str, received: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(name)
        bar.update(tasks[name], completed=received, total=total or None)

    bar.start()
    return progress, bar.stop


def _nothing(name: str, received: int, total: int) -> None:
    """Without a terminal, a download prints no progress."""


def _text(report: Report) -> str:
    """On a terminal, wrap between words; a program gets one line per fact."""
    lines = _lines(report)
    if sys.stdout.isatty():
        wrapper = textwrap.TextWrapper(
            max(2 * _WIDTH, shutil.get_terminal_size().columns),
            subsequent_indent=" " * _WIDTH,
            break_long_words=False,  # a path must stay in one piece, to be copied
            break_on_hyphens=False,
        )
        lines = [wrapper.fill(line) for line in lines]
    return "\n".join(lines)


def _lines(report: Report) -> list[str]:
    cores = report.cores
    if cores.auto_threads > 1:
        threads = tr("1 per run by default; --threads auto tries up to {number}", number=cores.auto_threads)
    else:
        threads = tr("1 per run by default; --threads auto uses 1")
    counted = [
        plural("{number} core", "{number} cores", cores.physical),
        plural("{number} logical processor", "{number} logical processors", cores.logical),
    ]
    if cores.quota is not None:
        counted.append(tr("limited to the time of {cores} by a quota", cores=f"{cores.quota:g}"))
    lines = [
        _line(
            tr_in("doctor", "versions"),
            "  ".join(f"{name} {value or tr('missing')}" for name, value in report.versions.items()),
        ),
        *_devices(report.devices),
        _line(
            tr_in("doctor", "threads"),
            f"{threads} ({', '.join(counted)})",
        ),
        *_labelled(tr_in("doctor", "data"), [_data(place) for place in report.data]),
        _line(tr_in("doctor", "terminal"), _terminal(report.terminal)),
        *_labelled(
            tr_in("doctor", "folders"),
            [
                f"{folder.purpose:9} {folder.path}{'' if folder.writable else '  ' + tr('not writable')}"
                for folder in report.folders
            ],
        ),
        _line(tr_in("doctor", "session"), _session(report.session)),
        "",
    ]
    lines += [tr("problem: {text}", text=spoken(text)) for text in report.problems]
    lines += [tr("note: {text}", text=spoken(text)) for text in report.remarks]
    lines.append(tr("This machine cannot train yet.") if report.problems else tr("This machine can train."))
    return lines


def _line(label: str, text: str) -> str:
    return f"{label:{_WIDTH}}{text}"


def _labelled(label: str, texts: list[str]) -> list[str]:
    return [_line("" if number else label, text) for number, text in enumerate(texts)]


def _devices(devices: Devices) -> list[str]:
    if devices.problem:
        return [_line(tr_in("doctor", "devices"), spoken(devices.problem))]
    built = (
        tr("PyTorch is built with CUDA {cuda}", cuda=devices.cuda)
        if devices.cuda
        else tr("PyTorch is built without CUDA")
    )
    texts = ["cpu" if devices.gpus else tr("cpu; no GPU ({built})", built=built)]
    if devices.why_none and devices.cuda:
        texts.append("  " + spoken(devices.why_none))
    for gpu in devices.gpus:
        free, total = gpu.free_bytes / 2**30, gpu.total_bytes / 2**30
        texts.append(
            tr(
                "{device}  {name}, {free} of {total} GiB free",
                device=gpu.device,
                name=gpu.name,
                free=f"{free:.1f}",
                total=f"{total:.1f}",
            )
        )
        for occupant in gpu.occupants:
            about = [tr("process {pid}", pid=occupant.pid)]
            about += [tr("user {name}", name=occupant.user)] if occupant.user else []
            about += [f"{occupant.bytes / 2**30:.1f} GiB"] if occupant.bytes is not None else []
            texts.append("  " + tr("used by {name} ({about})", name=occupant.name, about=", ".join(about)))
    if devices.gpus and not devices.occupants_known:
        texts.append("  " + tr("the driver does not list the processes on the GPUs"))
    return _labelled(tr_in("doctor", "devices"), texts)


def _data(place: FoundData) -> str:
    mark = tr("in use") if place.used else ""
    return f"{place.kind:7} {mark:7} {_found(place)}"


def _found(place: FoundData) -> str:
    if place.problem:
        problem = spoken(place.problem)
        return problem if place.path in place.problem else f"{problem}: {place.path}"
    return tr("{images} in {path}", images=place.images, path=place.path)


def _terminal(terminal: Terminal) -> str:
    parts = [terminal.kind or tr("TERM is not set")]
    parts.append(
        f"{terminal.columns}×{terminal.rows}" if terminal.is_terminal else tr("output is not a terminal")
    )
    parts.append(
        tr("{colours} colours", colours=format.count(terminal.colours))
        if terminal.colours
        else tr("no colours")
    )
    parts.append("UTF-8" if terminal.utf8 else tr("no UTF-8: the app draws in ASCII"))
    parts += [tr("over SSH")] * terminal.ssh + [terminal.multiplexer] * bool(terminal.multiplexer)
    return ", ".join(parts)


def _session(session: Session) -> str:
    if session.kills_processes is None:
        return tr("logind gave no answer; without logind, processes continue after logout")
    if not session.kills_processes:
        return tr("logind does not end processes at logout (KillUserProcesses)")
    if session.lingering:
        return tr("logind ends processes at logout (KillUserProcesses), but not this user's (linger)")
    return tr("logind ends processes at logout (KillUserProcesses)")
