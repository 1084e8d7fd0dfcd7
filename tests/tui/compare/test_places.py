"""What the lowest line of a comparison says: where each run trains, and which part of the time."""

from dataclasses import replace

import scenarios
from engine.tracking.ranking import Entrant
from engine.tracking.snapshot import Snapshot
from tests.tui.fake_engine import FakeEngine
from tui_vanish.compare.places import places
from vanish_recorder.protocol.status import Status


def running(number: int, device: str = "cpu", threads: int = 1) -> Snapshot:
    engine = FakeEngine()
    engine.train(scenarios.load("depth-3"), number)
    run = engine.runs[0]
    run.start()
    shown = run.view.snapshot()
    assert shown.started is not None
    started = replace(shown.started, device=device, threads=threads)
    return replace(shown, run=f"run {number}", started=started)


def entrants(*runs: Snapshot) -> list[Entrant]:
    return [Entrant(f"entrant {number}", (run,)) for number, run in enumerate(runs)]


def test_runs_at_one_place_are_named_together() -> None:
    both = entrants(running(1), running(2))
    assert places(both, {}, lambda _: 0.5) == "each run: 1 core, 50 % of the time"
    assert places(both, {}, {"run 1": 0.2, "run 2": 0.3}.get) == "each run: 1 core, 20 % to 30 % of the time"


def test_a_share_that_is_unknown_is_not_given() -> None:
    assert places(entrants(running(1), running(2)), {}, {"run 1": 0.5}.get) == "each run: 1 core"
    assert places(entrants(running(1, threads=4)), {}, lambda _: None) == "one run: 4 cores"


def test_runs_at_several_places_have_their_letters() -> None:
    runs = entrants(running(1), running(2, "cuda:0"), running(3), running(4))
    found = places(runs, {"run 4": "process 812"}, {"run 1": 0.5, "run 2": 0.9, "run 3": 0.5}.get)
    assert found == ("A C: 1 core, 50 % of the time · B: cuda:0, 90 % of the time · D: 1 core, process 812")


def test_runs_that_do_not_train_are_left_out() -> None:
    ended, paused = (
        replace(running(number), status=status)
        for number, status in enumerate((Status.FINISHED, Status.PAUSED))
    )
    assert places(entrants(ended, paused), {}, lambda _: 0.5) == ""
    assert places(entrants(ended, running(3)), {}, lambda _: 1.0) == "one run: 1 core, 100 % of the time"
