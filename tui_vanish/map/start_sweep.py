"""Starts a sweep that the user chooses, in the background, and shows its map."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_vanish.language import tr
from tui_vanish.map.sweep_dialog import SweepDialog
from tui_vanish.sweeps.control import begin, cores_for, start
from tui_vanish.sweeps.offers import offers

if TYPE_CHECKING:
    from textual.app import App

    from tui_vanish.session.session import Session
    from tui_vanish.sweeps.offers import Offer


async def choose_sweep(app: "App[Any]", session: "Session", show_map: Callable[[Path], bool]) -> None:
    """Ask which sweep to train, start it, and show its map.

    Args:
        app: shows the dialog and the messages.
        session: says where and with what the sweep trains.
        show_map: shows the map of the sweep in a folder; returns whether it could.
    """

    def work(offer: "Offer") -> tuple[Path | None, str]:
        if offer.folder is not None:
            return offer.folder, begin(offer.folder)
        runs, seed = session.engine.runs_folder, session.client.seed
        return start(offer.name, runs, device=session.device, data=session.data, seed=seed)

    async def train(offer: "Offer") -> None:
        folder, problem = await asyncio.to_thread(work, offer)  # it takes seconds
        is_shown = folder is not None and show_map(folder)
        if problem:
            app.notify(problem, severity="error", timeout=8, markup=False)
        elif not is_shown:
            app.notify(tr("The sweep trains in the background: X shows its map."), timeout=6)

    def on_answer(offer: "Offer | None") -> None:
        if offer is not None:
            app.notify(tr("The sweep starts in the background…"), timeout=5)
            app.run_worker(train(offer))

    here = app.screen
    found = await asyncio.to_thread(offers, session.engine.runs_folder)  # it looks at each run's folder
    if app.screen is here:
        app.push_screen(SweepDialog(found, cores_for(session.device)), on_answer)
