"""A footer offers only keys that do something: none of them is answered by a refusal.

It is long because it prepares every state that a footer depends on.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from engine.runtime.state import Severity
from tests.tui.lab_bench import LARGE, Bench, opened
from tests.tui.map import sweeps
from tests.tui.map.test_screen import look
from tests.tui.runs.test_screen import fill
from tui_vanish.actions import ACTIONS, APP, OTHER_LABELS, OTHER_SCREENS, Action
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.own_screen import OwnScreen
from tui_vanish.runs.screen import RunsScreen
from tui_vanish.sweeps import control
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import Owner

State = Callable[[Bench], Awaitable[None]]

HERE = Owner.present()
NEIGHBOUR = Owner(HERE.host, HERE.boot_id, 1, HERE.started)
ELSEWHERE = Owner("another-host", "another boot", 1, HERE.started)


async def until_read(bench: Bench) -> None:
    """Wait until the log of each run has been read."""
    past = bench.app.session.past
    while any(past.reading(run.run) for run in bench.app.session.snapshot.runs):
        await bench.pilot.pause()
    await bench.settle()


async def nothing(bench: Bench) -> None:
    pass


async def bad_file(bench: Bench) -> None:
    await bench.highlight("broken")


async def loading(bench: Bench) -> None:
    await bench.train(ready=False)
    await bench.press("3", "j")


async def training(bench: Bench) -> None:
    run = await bench.train()
    run.train_epochs(4)
    run.find("vanishing", "why", layer="layer1", suggestions=("depth-3",))
    await bench.press("3", "j")


async def all_but_one_frozen(bench: Bench) -> None:
    await training(bench)
    run = bench.engine.runs[-1]
    for name in run.names[1:]:
        run.intervene("freeze", layer=name)
    await bench.settle()


async def paused(bench: Bench) -> None:
    await training(bench)
    await bench.press("p")


async def stopped(bench: Bench) -> None:
    await training(bench)
    await bench.press("s")


async def failed(bench: Bench) -> None:
    await training(bench)
    bench.engine.runs[-1].end(Status.FAILED, error="it broke")
    await bench.settle()


async def hidden_run(bench: Bench) -> None:
    await training(bench)
    await bench.press("i")


async def of_a_neighbour(bench: Bench) -> None:
    await training(bench)
    run = bench.engine.runs[-1].name
    bench.engine.owners[run] = NEIGHBOUR
    bench.engine.followed_only.add(run)
    bench.engine.sequence += 1
    await bench.settle()


async def of_another_host(bench: Bench) -> None:
    await of_a_neighbour(bench)
    bench.engine.owners[bench.engine.runs[-1].name] = ELSEWHERE
    bench.engine.sequence += 1
    await bench.settle()


async def read_from_its_log(bench: Bench) -> None:
    await stopped(bench)
    bench.engine.followed_only.add(bench.engine.runs[-1].name)
    bench.engine.sequence += 1
    await bench.settle()


async def watched(bench: Bench) -> None:
    await of_a_neighbour(bench)
    bench.engine.can_train = False
    bench.engine.sequence += 1
    await bench.settle()


async def watched_and_ended(bench: Bench) -> None:
    await read_from_its_log(bench)
    bench.engine.can_train = False
    bench.engine.sequence += 1
    await bench.settle()


async def marked(bench: Bench) -> None:
    await bench.press("space", "space")


async def charts(bench: Bench) -> None:
    await training(bench)
    await bench.press("2")


async def in_the_past(bench: Bench) -> None:
    await training(bench)
    bench.engine.runs[-1].save()
    bench.lab.go_to(100)
    await until_read(bench)


async def recorded(bench: Bench) -> None:
    await bench.press("b", "3", "j")


async def recorded_in_the_past(bench: Bench) -> None:
    await recorded(bench)
    await bench.press("home")
    await until_read(bench)


async def compared(bench: Bench) -> None:
    await bench.press("S", "enter")
    for run in bench.engine.runs:
        run.start()
        run.train_epochs(2)
    await bench.settle()


async def compared_with_a_neighbour(bench: Bench) -> None:
    await compared(bench)
    for run in bench.engine.runs:
        bench.engine.owners[run.name] = NEIGHBOUR
    bench.engine.sequence += 1
    await bench.settle()


async def compared_and_ended(bench: Bench) -> None:
    await compared(bench)
    for run in bench.engine.runs:
        run.end(Status.FINISHED)
    await bench.settle()


async def compared_while_watching(bench: Bench) -> None:
    await compared_with_a_neighbour(bench)
    bench.engine.can_train = False
    bench.engine.sequence += 1
    await bench.settle()


async def compared_in_the_past(bench: Bench) -> None:
    await compared(bench)
    for run in bench.engine.runs:
        run.save()
    await bench.press("left", "shift+left")
    await until_read(bench)


async def recorded_runs(bench: Bench) -> None:
    await bench.press("r", "b")
    screen = bench.app.screen
    assert isinstance(screen, RunsScreen)
    while not screen.is_filled:
        await bench.pilot.pause()
    await bench.settle()
    assert "recorded" in bench.text


async def no_saved_runs(bench: Bench) -> None:
    await bench.press("r")


async def saved_runs(bench: Bench) -> None:
    bench.engine.runs_folder.mkdir(exist_ok=True)
    fill(bench.engine.runs_folder)
    await bench.press("r")
    await bench.settle()


async def a_file_among_the_runs(bench: Bench) -> None:
    await saved_runs(bench)
    screen = bench.app.screen
    assert isinstance(screen, RunsScreen)
    screen.action_edge("first")
    await bench.settle()
    assert "holiday.jpg" in bench.text


async def saved_runs_while_watching(bench: Bench) -> None:
    bench.engine.can_train = False
    await saved_runs(bench)


async def a_sweep_among_the_runs(bench: Bench) -> None:
    sweeps.fill(sweeps.make(bench.engine.runs_folder))
    await bench.press("r")
    screen = bench.app.screen
    assert isinstance(screen, RunsScreen)
    screen.action_edge("first")
    await bench.settle()
    assert "deep" in bench.text


async def mapped(bench: Bench) -> None:
    """The map, with two cells marked."""
    sweeps.fill(sweeps.make(bench.engine.runs_folder))
    await bench.press("X")
    await look(bench)
    await bench.press("space", "up", "space")


async def mapped_while_watching(bench: Bench) -> None:
    bench.engine.can_train = False
    await mapped(bench)


async def mapped_with_more_settings(bench: Bench) -> None:
    sweeps.make(bench.engine.runs_folder, sweeps.STD, sweeps.DEPTH, sweeps.RATE, seeds=2)
    await bench.press("X")
    await look(bench)


async def theory(bench: Bench) -> None:
    await bench.press("t")


async def theory_list(bench: Bench) -> None:
    await bench.press("t", "t")


STATES: list[State] = [
    nothing, bad_file, loading, training, all_but_one_frozen, paused, stopped, failed, hidden_run,
    of_a_neighbour, of_another_host, read_from_its_log, watched, watched_and_ended, marked, charts,
    in_the_past, recorded, recorded_in_the_past, compared_in_the_past, recorded_runs,
    compared, compared_with_a_neighbour, compared_and_ended, compared_while_watching,
    no_saved_runs, saved_runs, a_file_among_the_runs, saved_runs_while_watching, a_sweep_among_the_runs,
    mapped, mapped_while_watching, mapped_with_more_settings, theory, theory_list,
]  # fmt: skip


class Refused:
    """Collects the messages by which the app refuses a key; the engine's own are added to them."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        app, engine = bench.app, bench.engine
        notify, send = app.notify, engine.send

        def listen(message: str, *, severity: Severity = "information", **options: object) -> None:
            if severity != "information":
                self.texts.append(message)
            notify(message, severity=severity, timeout=600)

        def refuse(command: object) -> None:
            run = getattr(command, "run", "")
            if run in engine.owners or not engine.can_train or run in engine.followed_only:
                self.texts.append(f"the engine refuses {command}")
            else:
                send(command)  # type: ignore[arg-type]

        def take_over(run: str) -> str:
            owner = engine.owners.get(run)
            return (
                "" if engine.can_train and owner is not None and owner.is_here else "it cannot be taken over"
            )

        def train(*arguments: object) -> str:
            self.texts.append(f"the engine refuses to train {arguments}")
            return ""

        monkeypatch.setattr(control, "detach", lambda folder, words: None)  # it would train
        monkeypatch.setattr(app, "notify", listen)
        monkeypatch.setattr(engine, "send", refuse)
        monkeypatch.setattr(engine, "take_over", take_over)
        if not engine.can_train:
            monkeypatch.setattr(engine, "train", train)


def offered(bench: Bench) -> list[Action]:
    """The actions in the footer that act on something; the others only move, or change the view.

    A text editor needs a real terminal.
    """
    places = [place for footer in bench.app.screen.query(KeyFooter) for place in footer._places]
    only_view = ("View", "Charts", "Move", APP, OTHER_SCREENS)
    return [
        action
        for *_, action in places
        if action.name == "layer_detail" or (action.group not in only_view and action.name != "edit_file")
    ]


KNOWN_LABELS = {action.label for action in ACTIONS} | set(OTHER_LABELS)


def labels_of(bench: Bench) -> set[str]:
    """The words beside the keys of the footers."""
    footers = bench.app.screen.query(KeyFooter)
    return {label for footer in footers for label in footer._labels.values() if not label.endswith("×2")}


@asynccontextmanager
async def prepared(
    state: State, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Bench, Refused]]:
    """The app in that state, in a terminal where no key is left out for want of room."""
    async with opened(folder, LARGE) as bench:
        bench.engine.runs_folder = folder / "runs"
        await state(bench)
        with monkeypatch.context() as patches:
            yield bench, Refused(bench, patches)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_no_key_in_a_footer_is_refused_and_each_label_is_in_the_catalogue(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Action] | None = None
    for number in count():
        folder = tmp_path / str(number)
        folder.mkdir()
        async with prepared(state, folder, monkeypatch) as (bench, refused):
            actions = offered(bench)
            assert actions or state is bad_file
            if left is None:
                left = list(actions)
                assert labels_of(bench) <= KNOWN_LABELS
            # Another app is needed only after a key that has changed what is offered.
            screen = bench.app.screen
            while left and bench.app.screen is screen and offered(bench) == actions:
                action = left.pop()
                await screen.run_action(f"screen.{action.call}")
                await bench.settle()
                assert refused.texts == [], action
                while screen in bench.app.screen_stack and (above := bench.app.screen) is not screen:
                    assert isinstance(above, OwnScreen)
                    above.dismiss()
                    await bench.settle()
        if not left:
            break
