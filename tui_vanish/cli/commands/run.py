"""`vanish-tui run`: train a scenario without the app, or resume saved runs."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.protocol.commands import ResumeRun
from engine.protocol.spec import RunSpec
from engine.tracking.snapshot import RunView
from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.importing import ending_at_once
from tui_vanish.cli.reporters import reporter_for
from tui_vanish.cli.unsaved import report_unsaved
from tui_vanish.drawing import format
from tui_vanish.jobs import exits, pytorch
from tui_vanish.jobs.cores import physical_cores
from tui_vanish.jobs.telling import say, tell
from tui_vanish.jobs.train import Continuation, Ending, Job, Reporter, train_all
from tui_vanish.language import marked, plural, tr, tr_in
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.paths import default_runs_folder

if TYPE_CHECKING:
    from engine.runtime.state import Settings
    from tui_vanish.jobs.background import Announcer

_EXIT_CODES = {Status.FAILED: exits.FAILED, Status.DIVERGED: exits.DIVERGED}
EXAMPLES = (
    ("vanish-tui run depth-7 --epochs 5", marked("train five epochs")),
    ("vanish-tui run depth-7 --set model.init.std=1 --seed 7", marked("with other values")),
    ("vanish-tui run staged --detach", marked("keep training without the terminal")),
    ("vanish-tui run --resume @last", marked("continue the run that was started last")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "scenario",
        metavar="ID|FILE",
        nargs="?",
        help=tr("id of a scenario (see vanish-tui list), or a scenario file"),
    )
    parser.add_argument("--scenario", metavar="FILE", type=Path, dest="file", help=tr("a scenario file"))
    parser.add_argument(
        "--resume",
        metavar="RUN",
        nargs="+",
        help=tr("resume runs that were stopped, or whose process was killed; @last is the one started last"),
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=options.epochs,
        help=tr("number of epochs (for each stage, if there are several)"),
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=tr("change a setting of the scenario, such as model.init.std=0.3; may be repeated"),
    )
    parser.add_argument("--json", action="store_true", help=tr("print every event as a JSON line"))
    parser.add_argument(
        "--detach",
        action="store_true",
        help=tr("train in the background; training survives a closed terminal"),
    )
    parser.add_argument(
        "--save-every",
        metavar="SECONDS",
        type=options.seconds,
        default=argparse.SUPPRESS,
        help=tr("time between two saves: a kill loses at most this much training (default: 30)"),
    )
    parser.add_argument("--announce", type=int, help=argparse.SUPPRESS)  # passed by background.detach
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train, report progress, and print how the run ended."""
    if arguments.announce is None:
        return _run(arguments, None)
    from tui_vanish.jobs.background import Announcer

    runs_folder = getattr(arguments, "runs_dir", None) or default_runs_folder()
    announcer = Announcer(arguments.announce, len(arguments.resume or [None]), runs_folder)
    try:
        code = _run(arguments, announcer)
    except (exits.RefusedError, exits.FailedError) as error:
        announcer.fail(str(error))
        raise
    announcer.fail("the run did not start")  # if it has not been reported
    return code


def _run(arguments: argparse.Namespace, announcer: "Announcer | None") -> int:
    pytorch.require_torch()
    if arguments.resume:
        return _resume(arguments, announcer)
    chosen, others = arguments.file or arguments.scenario, arguments.file and arguments.scenario
    if chosen is None or others:
        raise exits.RefusedError(tr("run needs exactly one scenario: an id (see vanish-tui list) or a file"))
    epochs = [] if arguments.epochs is None else [f"training.epochs={arguments.epochs}"]
    overrides = [*arguments.set, *epochs]
    scenario = options.load_scenario(chosen, overrides)
    seed, settings = options.seed(arguments), options.settings(arguments)
    options.check(settings)
    if arguments.detach:
        which = [*(["--scenario"] if arguments.file else []), str(chosen), "--seed", str(seed)]
        return _detach(which, arguments, settings)
    view = RunView("", RunSpec.of(scenario.resolved()), seed)
    return _train(arguments, settings, [Job(scenario, seed)], {"": view}, announcer)


def _resume(arguments: argparse.Namespace, announcer: "Announcer | None") -> int:
    """Resume saved runs; several train in lockstep."""
    from engine.storage.follower import Follower
    from engine.storage.run_log import NotARun
    from tui_vanish.jobs import resume

    if arguments.scenario or arguments.file or arguments.set or hasattr(arguments, "seed"):
        raise exits.RefusedError(tr("--resume takes no scenario, --set or --seed: a saved run keeps its own"))
    runs_dir = getattr(arguments, "runs_dir", None)
    found = [resume.find_run(name, runs_dir) for name in arguments.resume]
    entries = list({entry.name: entry for entry in found}.values())
    starting = next((entry for entry in entries if entry.state == "handing over"), None)
    if announcer is None and starting is not None:
        raise exits.RefusedError(
            printable(
                tr(
                    (
                        "{name} is being handed over to {successor}, which is starting; to follow it: "
                        "vanish-tui watch {name}"
                    ),
                    name=starting.name,
                    successor=spoken(str(starting.successor)),
                )
            )
        )
    asked = resume.Asked(*(getattr(arguments, name, None) for name in ("device", "data", "threads")))
    settings = resume.settings_for(entries, asked, options.settings(arguments))
    settings = replace(settings, side_by_side=physical_cores())
    options.check(settings)
    # Only a run of a GPU has `auto` here: the one that it gets may be a CPU.
    automatic = settings.device == "auto" and asked.device is None
    resume.check(entries, settings, arguments.epochs, _automatic_device() if automatic else None)
    if arguments.detach:
        names = [entry.name for entry in entries]
        return _detach(["--resume", *names], arguments, settings, resumed=names)
    followers = [Follower(entry.folder) for entry in entries]
    for follower in followers:
        try:
            follower.poll()
        except (OSError, NotARun) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise exits.RefusedError(printable(f"{follower.run}: {reason}")) from None
    anywhere = asked.device is not None
    jobs = [Continuation(ResumeRun(entry.name, arguments.epochs, anywhere)) for entry in entries]
    views = {follower.run: follower.view for follower in followers}
    return _train(arguments, settings, jobs, views, announcer)


def _automatic_device() -> str:
    """The device that `auto` stands for on this machine; imports torch."""
    with ending_at_once():
        from engine import devices

        return str(devices.resolve("auto"))


def _train(
    arguments: argparse.Namespace,
    settings: "Settings",
    jobs: Sequence[Job | Continuation],
    views: dict[str, RunView],
    announcer: "Announcer | None",
) -> int:
    reporter: Reporter
    if announcer is not None:
        return _code(train_all(settings, jobs, announcer))
    with reporter_for(views, json=arguments.json) as reporter:
        endings = train_all(settings, jobs, reporter)
    refused = [ending for ending in endings if ending.refused and arguments.resume]
    trained = [ending for ending in endings if ending not in refused]
    for ending in refused:
        tell(ending.finished.error or "")
    if not arguments.json and trained:
        say("\n".join(map(_summary, trained)))
    code = _code(trained) if trained or not refused else 0
    return code or (exits.WRONG_USE if refused else 0)


def _code(endings: Sequence[Ending]) -> int:
    is_unsaved = report_unsaved(endings)
    if not endings:
        return exits.FAILED
    if endings[0].signal:
        return 128 + endings[0].signal
    if is_unsaved:
        return exits.FAILED
    codes = {_EXIT_CODES.get(ending.finished.status, 0) for ending in endings}
    return next(code for code in (exits.FAILED, exits.DIVERGED, 0) if code in codes)


def _detach(
    which: Sequence[str],
    arguments: argparse.Namespace,
    settings: "Settings",
    *,
    resumed: Sequence[str] = (),
) -> int:
    """Train in a detached process, and print the names of its runs once they have started."""
    from tui_vanish.jobs.background import detach

    words = ["run", *which]
    if arguments.epochs is not None:
        words += ["--epochs", str(arguments.epochs)]
    for change in arguments.set:
        words += ["--set", change]
    if not arguments.resume or hasattr(arguments, "device"):
        words += ["--device", settings.device]
    threads = "auto" if settings.choose_threads else str(settings.threads)
    words += ["--threads", threads, "--save-every", str(settings.save_seconds)]
    if settings.data is not None:
        words += ["--data", str(settings.data)]
    if settings.runs_dir is not None:
        words += ["--runs-dir", str(settings.runs_dir)]
    for name in map(printable, detach(words, settings.runs_dir, resumed)):
        say(name)
        tell(tr("training in the background; to follow it: vanish-tui watch {name}", name=name))
    return 0


def _summary(ending: Ending) -> str:
    """How the run ended, for a person."""
    from tui_vanish.monitor import verdicts  # not needed by the help of the command

    seen, end = ending.snapshot, ending.finished
    lines = [
        tr(
            "{scenario} {status}: {epochs}, {steps}, {time}, seed {seed}",
            scenario=seen.scenario_id,
            status=spoken(str(end.status)),
            epochs=plural("{number} epoch", "{number} epochs", end.epochs),
            steps=plural("{steps} step", "{steps} steps", end.steps, steps=format.count(end.steps)),
            time=format.duration(end.seconds),
            seed=seen.seed,
        )
    ]
    if end.status is Status.FAILED:
        lines.append(_labelled(tr_in("summary", "error"), spoken(printable(end.error or ""))))
    if end.status is Status.DIVERGED:
        names = ", ".join(map(format.layer_name, end.nonfinite or ()))
        where = tr("at step {step}; not finite: {layers}", step=end.first_bad_step, layers=names)
        lines.append(_labelled(tr_in("summary", "diverged"), where))
    if (epoch := seen.last_epoch) is not None:
        lines.append(_figures("train", epoch.train_loss, epoch.train_accuracy))
        lines.append(
            f"{_figures('test', epoch.test_loss, epoch.test_accuracy)}"
            f"   {tr('best {accuracy}', accuracy=format.percent(end.best_test_accuracy, 1))}"
        )
    if seen.started is not None and seen.started.data.get("known") is False:
        source = printable(str(seen.started.data.get("source", "")))
        differs = tr("not the known Fashion-MNIST (its checksum differs): {source}", source=source)
        lines.append(_labelled(tr_in("summary", "data"), differs))
    for verdict in verdicts.most_severe_first(seen.verdicts):
        text = f"{verdicts.kind_name(verdict).text}: {spoken(verdict.text)}"
        lines.append(_wrapped(_labelled(tr_in("summary", "verdict"), text)))
    if suggested := verdicts.suggestions(seen):
        lines.append(_wrapped(_labelled(tr_in("summary", "try"), ", ".join(suggested))))
    if ending.folder is not None:
        lines.append(_labelled(tr_in("summary", "saved in"), printable(str(ending.folder))))
    return "\n".join(lines)


def _labelled(label: str, text: str) -> str:
    return f"  {label:8}  {text}"


def _wrapped(text: str) -> str:
    """On a terminal, wrap between words; a program gets one line."""
    if not sys.stdout.isatty():
        return text
    return textwrap.fill(text, shutil.get_terminal_size().columns, subsequent_indent=" " * 12)


def _figures(name: str, loss: float | None, accuracy: float | None) -> str:
    figures = tr(
        "loss {loss}   accuracy {accuracy}", loss=format.fixed(loss), accuracy=format.percent(accuracy, 1)
    )
    return f"  {name:8}  {figures}"
