"""What the lab screen shows of a run: from its snapshot to texts, charts and bars. Nothing here draws.

It is long because each state of a run has whole sentences of its own, which can be translated.
"""

import shlex
from collections.abc import Mapping

from engine.protocol.spec import MLP
from engine.tracking.facts import epochs_per_stage, learning_rate, rate_factor, rate_name
from engine.tracking.snapshot import Snapshot
from engine.tracking.time_left import Left
from scenarios.numbers import flatten
from tui_vanish.drawing import format
from tui_vanish.drawing.glyphs import Alphabet
from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.instruments.heatmap import Heat, Moment
from tui_vanish.instruments.layer_profile import BarProfile, BarRow
from tui_vanish.instruments.quantities import IN_BARS
from tui_vanish.instruments.status import ROLES, mark
from tui_vanish.language import plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor import verdicts, watched_text
from tui_vanish.monitor.axis import UNIT_LABELS, RunAxis
from tui_vanish.monitor.charts import published_of
from tui_vanish.monitor.looks import Looks
from tui_vanish.monitor.verdicts import Note
from tui_vanish.session import prose
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Quantity
from vanish_recorder.protocol.status import Status

_SEPARATOR = " · "
_OF_TIME_STEPS = ("delta_norm", "activation_std")
_LOOKED_AT = 64  # layers of a profile: the first ones have what the others have, or nearly


def bar_profile(run: Snapshot, looks: Looks, marks: Mapping[str, float]) -> BarProfile:
    """The latest profile; for a diverged run, the last one in which every number is finite."""
    layers, note = run.layers, ""
    if run.status is Status.DIVERGED and run.finite_layers:
        layers = run.finite_layers
        note = tr("step {step}, the last finite one", step=run.finite_layers_step)
    measured = {layer.name: layer for layer in layers}
    return BarProfile(
        rows=tuple(
            BarRow(layer.name, measured.get(layer.name), not measured or layer.name in measured, layer.kind)
            for layer in run.spec.layers
        ),
        quantity=looks.quantity,
        marks=marks,
        selected=looks.layer,
        accused=verdicts.accused(run),
        note=note,
        run=run.run,
        measured=_measured(run),
    )


def _measured(run: Snapshot) -> frozenset[str] | None:
    """The quantities that a run has had; None for the slides' networks, whose columns never change."""
    if run.watched is None and run.spec.kind == MLP:
        return None
    profiles = (profile.layers for profile in run.charts.profiles)
    layers = [layer for layers in (*profiles, run.finite_layers) for layer in layers[:_LOOKED_AT]]
    return frozenset(
        name for name in QUANTITIES if any(getattr(layer, name, None) is not None for layer in layers)
    )


def heat(run: Snapshot, looks: Looks) -> Heat:
    """The layers over the training time, in the unit of the charts."""
    axis = RunAxis(run, looks.charts.unit)
    return Heat(
        names=run.spec.layer_names,
        moments=tuple(
            Moment(axis.at(profile.step, profile.time), profile.layers) for profile in run.charts.profiles
        ),
        quantity=looks.quantity,
        x_label=UNIT_LABELS[axis.unit],
        selected=looks.layer,
        run=run.run,
        cursor=looks.charts.cursor,
    )


def quantities_of(run: Snapshot) -> tuple[Quantity, ...]:
    """What the bars can show of a run: of a watched one, and of other kinds, only what was measured.

    Of a recurrent network they show what its time steps have, for the weights that these share have no place
    on an axis of time; the numbers beside the bars are theirs, too.
    """
    if run.watched is None and any(layer.kind == "time" for layer in run.spec.layers):
        return tuple(each for each in IN_BARS if each.name in _OF_TIME_STEPS)
    if (run.watched is None and run.spec.kind == MLP) or not run.layers:
        precision = flatten(run.spec.record).get("training.precision", "fp32")
        return tuple(each for each in IN_BARS if each.precisions is None or precision in each.precisions)
    found = tuple(each for each in IN_BARS if any(layer.value(each) is not None for layer in run.layers))
    return found or IN_BARS


def shown_quantity(run: Snapshot, looks: Looks) -> Quantity:
    """What the bars show: the chosen quantity, or the first one that the run has."""
    found = quantities_of(run)
    return looks.quantity if looks.quantity in found else found[0]


def schedule_legend(signs: Alphabet) -> Row:
    """The meaning of the timeline's signs."""
    return (
        Piece(signs.bar, "accent"),
        Piece(f" {tr('trains')}  ", "dim"),
        Piece(signs.frozen_bar, "accent"),
        Piece(f" {tr('frozen')}  ", "dim"),
        Piece(signs.guide, "accent"),
        Piece(f" {tr('not built')}", "dim"),
    )


def heading(run: Snapshot, width: int) -> Row:
    """The scenario, and whether the run was changed by hand. The caller cuts it to `width` cells.

    The scenario's title may be cut, but not a number.
    """
    name, titled = Piece(run.scenario_id, "strong"), prose.text(run.spec.id, "title", run.spec.title)
    title: Row = (Piece(f"  {titled}", "dim"),) if titled else ()
    if not run.modified:
        return (name, *title)
    full = (name, Piece("  " + tr("changed by hand: {changes}", changes=changes_by_hand(run)), "warn"))
    return (
        (*full, *title) if row_width(full) <= width else (name, Piece(f"  {tr('modified')}", "warn"), *title)
    )


def progress(run: Snapshot, width: int, left: Left | None = None) -> Row:
    """The status of the run in at most `width` cells. Words are shortened before any is left out.

    Args:
        run: the run.
        width: in cells.
        left: the time left; None while it is unknown.
    """
    sign = Piece(f"{mark(run.status, recorded=run.is_recorded)} ", ROLES[run.status])
    if run.watched is not None:
        variants = watched_text.progress(run)
    else:
        short = _progress(run, left, short=True)
        variants = (_progress(run, left, short=False), short, short[:2])
    for words in variants:
        row = (sign, Piece(_SEPARATOR.join(words)))
        if row_width(row) <= width:
            return row
    return (sign, Piece(variants[-1][0]))


def note(run: Snapshot, activity: str, theory: Row, unsaved: str = "") -> Note:
    """The note under the bars: how the run ended, its verdict, what to watch for.

    Args:
        run: the run.
        activity: what the engine is loading; empty if nothing.
        theory: shown after the verdict.
        unsaved: where and why the run cannot be saved; empty if it can.
    """
    title, standing = watched_text.standing(run) if run.watched is not None else _standing(run, activity)
    found = verdicts.most_severe_first(run.verdicts)
    paragraphs = [standing] if standing else []
    if run.modified:
        changes = changes_by_hand(run)
        words = (
            tr("Changed by hand ({changes}).", changes=changes)
            if run.watched is not None
            else tr("Changed by hand ({changes}): it no longer matches its scenario.", changes=changes)
        )
        paragraphs.append((Piece(words, "warn"),))
    if found:
        remark = (Piece(" "), *theory) if theory else ()
        paragraphs.insert(1 if standing else 0, (*verdicts.sentence(found[0]), *remark))
    if unsaved:
        words = tr("Not saved in {folder_and_reason}.", folder_and_reason=spoken(unsaved))
        if not run.status.ended:
            words = f"{words} {tr('Training continues.')}"
        paragraphs.insert(0, (Piece(words, "bad"),))
    is_over = run.status.ended and run.status is not Status.FAILED
    if is_over:
        remembered = prose.text(run.spec.id, "lesson", run.spec.lesson)
    else:
        remembered = prose.text(run.spec.id, "watch_for", run.spec.watch_for)
    if remembered and (not found or run.status.ended):
        paragraphs.append((Piece(remembered),))
    if run.watched is not None:
        paragraphs += watched_text.remarks(run, found=bool(found))
        title = title or tr("Findings")
    if not title:
        title = tr("Verdict") if found else tr("Watch for")
    ending = (verdicts.to_try(run), verdicts.others(found[1:]) or verdicts.in_full(run))
    return Note(title, tuple(paragraphs), tuple(part for part in ending if part))


def _standing(run: Snapshot, activity: str) -> tuple[str, Row]:
    """A heading and a sentence about the status of the run; empty while it trains."""
    ended = run.finished
    match run.status:
        case Status.LOADING:
            if activity:
                what = tr("The engine is {activity}.", activity=spoken(activity))
            else:
                what = tr("It starts when the engine is free.")
            return tr("Loading"), (Piece(what),)
        case Status.PAUSED:
            if run.pause_reason:
                reason = spoken(run.pause_reason)
                words = tr(
                    "Paused in epoch {epoch} ({reason}); p resumes it.", epoch=run.epoch, reason=reason
                )
            else:
                words = tr("Paused in epoch {epoch}; p resumes it.", epoch=run.epoch)
            return tr("Paused"), (Piece(words, "warn"),)
        case Status.DIVERGED if ended is not None:
            names = ", ".join(format.layer_name(name) for name in ended.nonfinite or ())
            step = ended.first_bad_step
            if names:
                words = tr("Diverged at step {step}: not finite in {layers}.", step=step, layers=names)
            else:
                words = tr("Diverged at step {step}.", step=step)
            return tr("Diverged"), (Piece(words, "bad"),)
        case Status.FAILED if ended is not None:
            return tr("Failed"), (
                Piece(_last_line(ended.error).rstrip("."), "bad"),
                Piece(f". {tr('Press enter to train it again.')}"),
            )
        case Status.STOPPED:
            return tr("Stopped"), (
                Piece(tr("Stopped in epoch {epoch}, {result}.", epoch=run.epoch, result=_result(run)) + " "),
                Piece(tr("Press enter to train it again, or r and then p to resume it.")),
            )
        case Status.FINISHED:
            time = format.duration(run.time)
            words = tr("Finished in {time}, {result}.", time=time, result=_result(run))
            return tr("Finished"), (Piece(words),)
        case _:
            return "", ()


def command_line(run: Snapshot, *, has_file: bool = True, data: str = "") -> str:
    """The command that trains the same run without the app.

    Args:
        run: the run.
        has_file: whether its scenario is in a file; if not, the command lists what differs from the parent.
        data: value of --data for the same data; empty if the option is not needed.
    """
    words = ["vanish-tui", "run", run.scenario_id]
    if not has_file:
        from scenarios.variants import PARENT, overrides

        changes = overrides(run.spec.scenario())
        words[2:] = [PARENT, *(word for change in changes for word in ("--set", shlex.quote(change)))]
    words += ["--seed", str(run.seed)]
    if run.started is not None:
        if run.started.device != "cpu":
            words += ["--device", run.started.device]
        if run.started.threads != 1:
            words += ["--threads", str(run.started.threads)]
        if data:
            words += ["--data", shlex.quote(data)]
    if run.interventions:
        words.append("# without the changes by hand")
    return " ".join(words)


# ------------------------------------------------------------------------------------------- parts


def _progress(run: Snapshot, left: Left | None, *, short: bool) -> list[str]:
    number = f"{run.epoch:>{len(str(run.epochs))}}/{run.epochs}" if run.epochs else str(run.epoch)
    epoch = tr("epoch {number}", number=number)
    recorded = [spoken("recorded")] if run.is_recorded else []
    stages = run.started.stages if run.started else 1
    stage = [tr("stage {stage}/{stages}", stage=run.stage, stages=stages)] if stages > 1 else []
    match run.status:
        case Status.LOADING:
            return [spoken(Status.LOADING)]
        case Status.RUNNING:
            pace = format.images_per_second(run.images_per_second, short=short)
            until = (
                [f"{format.time_left(left.seconds, '' if left.whole else tr('stage')):>10}"] if left else []
            )
            return [epoch, *stage, pace, *until]
        case Status.PAUSED:
            return [spoken(Status.PAUSED), epoch, *stage]
        case Status.DIVERGED:
            step = run.finished.first_bad_step if run.finished else None
            at = tr("step {step}", step=step) if step is not None else epoch
            return [*recorded, spoken(Status.DIVERGED), at, *stage]
        case status:
            return [*(recorded or [spoken(str(status))]), epoch, *stage, format.duration(run.time)]


def _result(run: Snapshot) -> str:
    if run.last_epoch is None:
        return tr("before the end of its first epoch")
    accuracy = format.percent(run.last_epoch.test_accuracy, 1)
    best = run.best_test_accuracy
    if best is None:
        reached = tr("test accuracy {accuracy}", accuracy=accuracy)
    else:
        reached = tr("test accuracy {accuracy}, best {best}", accuracy=accuracy, best=format.percent(best, 1))
    known = published_of(run)
    if known is None:
        return reached
    return (
        reached + ", " + tr("published {accuracy}", accuracy=format.percent(known.figures.test_accuracy, 1))
    )


def _last_line(error: str | None) -> str:
    lines = (error or "").strip().splitlines()
    return spoken(lines[-1].strip()) if lines else tr("It failed without an error message.")


def changes_by_hand(run: "Snapshot") -> str:
    """What was changed by hand, in a few words; empty if nothing was."""
    kinds = dict.fromkeys(touch.kind for touch in run.interventions)
    rate = learning_rate(run)
    words = {
        "lr": rate_name(run) if rate is None else f"{rate_name(run)} {rate:.3g}",
        "freeze": tr("layers frozen"),
        "unfreeze": tr("layers unfrozen"),
        "next_stage": tr("a stage ended early"),
        "epochs": plural("{number} epoch", "{number} epochs", epochs_per_stage(run) or 0),
        "lr_factor": f"lr ×{rate_factor(run):.3g}",
        "every": tr("how often it is measured"),
    }
    return ", ".join(words[kind] for kind in kinds)
