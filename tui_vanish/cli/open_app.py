"""Open the app in the terminal."""

import argparse
import os
from collections.abc import Callable

from engine.attach.shared_engine import NoEngine, SharedEngine
from engine.runtime.state import Settings
from engine.tracking.time_left import TimeLeft
from tui_vanish.app import DEFAULT_REFRESH, VanishApp
from tui_vanish.cli.farewell import say_farewell
from tui_vanish.cli.locales import is_utf8
from tui_vanish.cli.options import seed, user_scenarios
from tui_vanish.cli.output import kept_off_the_screen
from tui_vanish.cli.read_only import is_read_only
from tui_vanish.cli.unsaved import say_unsaved
from tui_vanish.jobs import engines
from tui_vanish.jobs.cores import spare_cores
from tui_vanish.jobs.exits import FAILED
from tui_vanish.language import tr
from tui_vanish.session.preferences import preferences_file
from tui_vanish.session.session import READ_ONLY
from tui_vanish.terminal import over_ssh
from vanish_recorder.storage.paths import default_runs_folder


def engine_for(arguments: argparse.Namespace, settings: Settings) -> SharedEngine:
    """The engine of the app, which trains nothing if the app is read-only."""
    if not is_read_only(arguments):
        return SharedEngine(engines.engine_for(settings))
    return SharedEngine(NoEngine(settings.runs_dir or default_runs_folder(), tr(READ_ONLY)))


def open_app(
    arguments: argparse.Namespace,
    engine: SharedEngine,
    *,
    watch: str = "",
    prepare: Callable[[VanishApp], None] = lambda app: None,
) -> int:
    """Run the app until the user quits; returns the exit code.

    Args:
        arguments: the parsed command line.
        engine: trains the runs; under `watch`, it only shows them.
        watch: the run to show first.
        prepare: called with the app before it runs.
    """
    app = VanishApp(
        engine,
        seed=seed(arguments),
        refresh=arguments.refresh or DEFAULT_REFRESH,
        ascii=arguments.ascii or not is_utf8(os.environ),
        mouse=not over_ssh(os.environ) if arguments.mouse is None else arguments.mouse,
        user_dir=user_scenarios(),
        memory=preferences_file(),
        read_only=is_read_only(arguments),
        errors=default_runs_folder().parent / "errors",
    )
    app.session.device = getattr(arguments, "device", "auto")
    app.session.data = str(getattr(arguments, "data", None) or "")
    app.session.time_left = TimeLeft(spare_cores())
    if watch:
        app.session.runs.watch(watch)
    prepare(app)
    with kept_off_the_screen(default_runs_folder().parent / "libraries.log"):
        code = app.run()
    unsaved = engine.snapshot().unsaved
    if say_unsaved({run: why for run, why in unsaved.items() if run not in app.ending.left}):
        code = code or FAILED
    ending = app.ending
    if not say_farewell(ending.left, ending.successor, ending.problem, app.failure):
        return code or FAILED
    return code or 0
