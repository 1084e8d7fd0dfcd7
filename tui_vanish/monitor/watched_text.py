"""What is said about a watched run: how far it is, where it runs, and what was not looked at."""

import shlex
from typing import TYPE_CHECKING, Any

from engine.tracking.facts import learning_rate, rate_factor
from scenarios.problems import printable, shortened
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor.origin_text import UNKNOWN, begun
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot

_LONGEST = 300  # characters of the script's command, which comes from a file


def progress(run: "Snapshot") -> tuple[list[str], ...]:
    """The status in words, from the longest form to the shortest; the first two words are never left out."""
    step = tr("step {step}", step=format.count(run.step))
    word = {Status.RUNNING: "", Status.LOADING: tr("waiting for its first step")}.get(
        run.status, spoken(str(run.status))
    )
    first = [word, step] if word else [step]
    epoch = [tr("epoch {number}", number=run.epoch)] if run.last_epoch is not None or run.epoch > 1 else []
    if run.status.ended:
        return ([*first, *epoch, format.duration(run.time)], first)
    details = [*_rate(run), *_scale(run)]
    pace = [_pace(run.seconds_per_step)] if run.seconds_per_step and run.status is Status.RUNNING else []
    cost = _cost(run)
    return (
        [*first, *epoch, *pace, *details, *cost],
        [*first, *epoch, *details, *cost],
        [*first, *details, *cost],
        [*first, *details],
        first,
        [step],
    )


def _pace(seconds: float) -> str:
    return (
        tr("{seconds} s/step", seconds=format.fixed(seconds, 2))
        if seconds >= 1
        else tr("{steps} steps/s", steps=f"{1 / seconds:.3g}")
    )


def _rate(run: "Snapshot") -> list[str]:
    rate, factor = learning_rate(run), rate_factor(run)
    if rate is None:
        return [f"lr ×{factor:.3g}"] if factor != 1 else []
    return [f"lr {rate:.3g}"]


def _scale(run: "Snapshot") -> list[str]:
    sample = run.measured
    if sample is None or (sample.scale is None and not sample.skipped):
        return []
    scale = [] if sample.scale is None else [tr("scale {scale}", scale=format.count(round(sample.scale)))]
    return [
        *scale,
        *([tr("{skipped} skipped", skipped=format.count(sample.skipped))] if sample.skipped else []),
    ]


def _cost(run: "Snapshot") -> list[str]:
    cost = run.watched.cost if run.watched is not None else None
    return [] if cost is None else [tr("measuring {cost}", cost=format.percent(cost, 1))]


def in_brief(run: "Snapshot") -> str:
    """The machine, the device, the size and the time in a few words, for a frame."""
    started = run.watched.started if run.watched is not None else None
    words = [printable(text_of(run, "host")) or tr(UNKNOWN)]
    if started is not None:
        words += [
            printable(started.device),
            tr("{parameters} parameters", parameters=format.short_count(started.parameters)),
        ]
    return " · ".join([*words, begun(run.run) or tr(UNKNOWN)])


def standing(run: "Snapshot") -> tuple[str, Row]:
    """A heading and a sentence about the status of the run; empty while it trains."""
    ended = run.finished
    match run.status:
        case Status.PAUSED:
            step = format.count(run.step)
            if run.pause_reason:
                reason = spoken(run.pause_reason)
                words = tr("Paused after step {step} ({reason}).", step=step, reason=reason)
            else:
                words = tr("Paused after step {step}.", step=step)
            return tr("Paused"), (Piece(words, "warn"),)
        case Status.FAILED:
            error = (ended.error if ended is not None else None) or tr("the script ended with an error")
            return tr("Failed"), (Piece(f"{printable(error.strip().splitlines()[-1].rstrip('.'))}.", "bad"),)
        case Status.STOPPED:
            step = format.count(run.step)
            if ended is not None:
                words = tr("The script was stopped after step {step}.", step=step)
            else:
                words = tr("The script ended without a last line after step {step}.", step=step)
            return tr("Stopped"), (Piece(words),)
        case Status.FINISHED:
            return tr("Finished"), (
                Piece(tr("The script finished after step {step}.", step=format.count(run.step))),
            )
        case Status.RUNNING if run.watched is not None and run.watched.stalled:
            return tr("Stalled?"), (Piece(spoken(run.watched.stalled), "warn"),)
        case _:
            return "", ()


def remarks(run: "Snapshot", *, found: bool) -> list[Row]:
    """What else there is to know: parts that failed, and what was not looked at."""
    watched, structure = run.watched, run.structure
    rows: list[Row] = []
    if watched is not None:
        for part in watched.disabled.values():
            words = tr(
                "No longer recorded: {part} ({reason}).",
                part=spoken(printable(part.part)),
                reason=spoken(printable(part.reason).rstrip(".")),
            )
            rows.append((Piece(words, "warn"),))
    if structure is None:
        return [*rows, (Piece(tr("Nothing has been measured yet."), "dim"),)]
    if not found:
        rows.append((Piece(tr("Nothing found so far.")),))
    if structure.without_activations:
        why = spoken(printable(structure.without_activations).rstrip("."))
        rows.append((Piece(tr("Activations and their gradients are not looked at: {why}.", why=why), "dim"),))
    return rows


def script_line(run: "Snapshot") -> str:
    """The command line of the script, for a shell."""
    arguments = (str(each) for each in run.spec.record.get("arguments", ()))
    return shlex.join(["python", text_of(run, "script"), *arguments])


def details(run: "Snapshot") -> list[tuple[str, str]]:
    """The script, its machine and its settings, as headings and texts."""
    record = run.spec.record
    command = " ".join([text_of(run, "script"), *(str(each) for each in record.get("arguments", ()))])
    git = record.get("git")
    commit = ""
    if isinstance(git, dict):
        commit = str(git.get("commit", ""))[:12] + (
            ", " + tr("with uncommitted changes") if git.get("dirty") else ""
        )
    versions = record.get("versions")
    listed = versions.items() if isinstance(versions, dict) else ()
    config = record.get("config")
    settings = config.items() if isinstance(config, dict) else ()
    optimizers = run.structure.optimizers if run.structure is not None else ()
    found = [
        (tr("Script"), shortened(command.strip(), _LONGEST)),
        (
            tr("Runs on"),
            tr("{place}, process {number}", place=in_brief(run), number=record.get("pid", tr(UNKNOWN))),
        ),
        (tr("Git commit"), commit),
        (tr("Versions"), " · ".join(f"{name} {value}" for name, value in listed if value)),
        (tr("Optimizers"), " · ".join(f"{each.name} ({_tensors(each.tensors)})" for each in optimizers)),
        (tr("Config"), " · ".join(f"{key} {_value(value)}" for key, value in settings)),
    ]
    return [(heading, printable(text)) for heading, text in found if text]


def _tensors(number: int) -> str:
    return plural("{number} tensor", "{number} tensors", number)


def _value(value: Any) -> str:
    return f"{value:g}" if type(value) is float else str(value)


def text_of(run: "Snapshot", key: str) -> str:
    """A text of the run's description; empty if there is none."""
    value = run.spec.record.get(key)
    return value if isinstance(value, str) else ""
