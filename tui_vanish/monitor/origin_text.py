"""What a run was trained on, where, when, and by which command, in words."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.protocol.recorded import is_recorded
from engine.storage.run_index import RunEntry
from scenarios.problems import printable
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row, cut_row
from tui_vanish.language import marked, plural, tr, tr_in
from vanish_recorder.storage.summary import Summary

if TYPE_CHECKING:
    from tui_vanish.session.origins import Known
    from vanish_recorder.protocol.events import RunStarted

UNKNOWN = marked("unknown")
ROWS = 3
_LONGEST = 500  # cells of a command, which comes from a file


def begun(name: str) -> str:
    """The date and time in a run's name; empty if it has none."""
    digits = name[:15].replace("-", "")
    if len(digits) != 14 or not digits.isdecimal():
        return ""
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]} {digits[8:10]}:{digits[10:12]}"


def trained_on(train: int | None, test: int | None, source: str, device: str, threads: int | None) -> str:
    """The data and the device in words; each part that is not known is said to be unknown."""
    if train is None:
        images = tr("unknown number of images")
    elif test is None:
        images = _images(train)
    else:
        images = tr(
            "{train} training and {test} test images", train=format.count(train), test=format.count(test)
        )
    where = device or tr("unknown device")
    if threads is not None:
        where = plural("{device}, {number} thread", "{device}, {number} threads", threads, device=where)
    return f"{images} ({printable(source) or tr('unknown data')}) · {where}"


def _images(number: int) -> str:
    return plural("{images} image", "{images} images", number, images=format.count(number))


def of_started(started: "RunStarted") -> str:
    """The data and the device of a run, from its first event."""
    data = started.data if isinstance(started.data, dict) else {}
    train, test = (value if type(value := data.get(key)) is int else None for key in ("train", "test"))
    return trained_on(train, test, str(data.get("source", "")), started.device, started.threads)


def in_brief(started: "RunStarted", name: str) -> str:
    """The data, the device and the time in a few words, for a frame."""
    data = started.data if isinstance(started.data, dict) else {}
    train = data.get("train")
    images = _images(train) if type(train) is int else tr("unknown images")
    threads = "" if started.threads is None else f" ×{started.threads}"
    source = printable(str(data.get("source", ""))) or tr(UNKNOWN)
    when = tr("recorded") if is_recorded(name) else begun(name) or tr(UNKNOWN)
    return f"{images} ({source}) · {started.device}{threads} · {when}"


def where_and_when(name: str, known: "Known | None") -> str:
    """When the run began, and on which machine; of a recorded run, where it comes from."""
    if is_recorded(name):
        return tr("recorded: it comes with the program")
    host = "…" if known is None else printable(known.origin.host) if known.origin else ""
    return _when_and_where(name, host)


def _when_and_where(name: str, host: str) -> str:
    time = begun(name) or tr(UNKNOWN)
    return (
        tr("{time} on {host}", time=time, host=host)
        if host
        else tr("{time} on an unknown machine", time=time)
    )


def command(known: "Known | None") -> str:
    """The command that began the run."""
    if known is None:
        return "…"
    return (printable(known.origin.command[:_LONGEST]) if known.origin else "") or tr(UNKNOWN)


def rows(entry: RunEntry, known: "Known | None", width: int) -> list[Row]:
    """Three rows about a run of the list."""
    summary, origin = entry.summary, known.origin if known else None
    if summary is None:
        return []
    train, test = (origin.train, origin.test) if origin else (summary.train_images, summary.test_images)
    if summary.is_watched:
        return _labelled(_of_script(entry.name, summary, known), width)
    source = origin.source if origin else summary.data
    device = origin.device if origin else summary.device
    threads = origin.threads if origin else summary.threads
    if entry.is_sweep:
        lines = {
            tr_in("label", "data"): trained_on(train, test, source, device, threads)
            if summary.epoch
            else tr(UNKNOWN),
            tr_in("label", "begun"): _with_seed(begun(entry.name) or tr(UNKNOWN), summary.seed),
            tr_in("label", "command"): f"vanish-tui sweep --resume {printable(entry.name)}",
        }
        return _labelled(lines, width)
    words = {
        tr_in("label", "data"): trained_on(train, test, source, device, threads),
        tr_in("label", "begun"): _with_seed(where_and_when(entry.name, known), summary.seed),
        tr_in("label", "command"): command(known),
    }
    return _labelled(words, width)


def _with_seed(where_and_when: str, seed: int | None) -> str:
    return tr("{where_and_when}, with seed {seed}", where_and_when=where_and_when, seed=seed)


def _of_script(name: str, summary: Summary, known: "Known | None") -> dict[str, str]:
    """What is known of a run that a script recorded."""
    about = known.watched or {} if known else {}
    host = "…" if known is None else printable(str(about.get("host") or ""))
    script = shlex.join(
        ["python", str(about.get("script") or tr(UNKNOWN)), *map(str, about.get("arguments") or ())]
    )
    latest = tr("step {step}", step=format.count(summary.step))
    if summary.epoch:
        latest += " · " + tr("epoch {number}", number=format.count(summary.epoch))
    if summary.loss is not None:
        latest += f" · loss {format.fixed(summary.loss)}"
    return {
        tr_in("label", "script"): "…" if known is None else printable(script[:_LONGEST]),
        tr_in("label", "begun"): _when_and_where(name, host),
        tr_in("label", "latest"): f"{latest} · {summary.device or tr('unknown device')}",
    }


def _labelled(words: Mapping[str, str], width: int) -> list[Row]:
    room = max(8, *(len(label) + 1 for label in words))
    return [cut_row((Piece(f" {label:{room}}", "dim"), Piece(text)), width) for label, text in words.items()]
