"""After a restart the list shows how each scenario ended, from the index of the runs."""

from pathlib import Path

from tests.tui.fake_engine import FakeEngine
from tests.tui.lab_bench import Bench, catalogue
from tests.tui.runs.test_screen import make_run
from tui_vanish.app import VanishApp
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.summary import Summary


async def first_rows(folder: Path) -> dict[str, str]:
    """The row of each scenario in the list, in an app that has just been opened."""
    engine = FakeEngine()
    engine.runs_folder = folder / "runs"
    app = VanishApp(engine)
    app.session.catalogue.entries = catalogue(folder)
    async with app.run_test(size=(120, 36)) as pilot:
        bench = Bench(app, engine, pilot)
        await bench.settle()
        rows = [line.split("│")[1] for line in bench.text.splitlines() if line.startswith("│")]
    return {row.split()[0]: row for row in (row.replace("▸", " ") for row in rows) if row.split()}


async def test_the_list_shows_the_last_result_of_each_scenario(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    older = Summary("depth-7", 42, Status.FINISHED, epoch=100, epochs=100, test_accuracy=0.1)
    newer = Summary("depth-7", 43, Status.STOPPED, epoch=3, epochs=100, test_accuracy=0.123)
    abandoned = Summary("depth-3", 42, Status.RUNNING, epoch=3, epochs=100, test_accuracy=0.62)
    for number, summary in enumerate((older, newer, abandoned)):
        make_run(runs, f"20260101-12000{number}-{summary.scenario}-{number:04x}", summary)
    shown = await first_rows(tmp_path)
    assert shown["depth-7"].split()[1:] == ["12.3", "■"]
    assert shown["depth-3"].split()[1:] == ["62.0", "■"]
    assert shown["linear-exploding"].split()[1:] == []


async def test_no_log_is_read_for_the_results(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    done = Summary("depth-3", 42, Status.FINISHED, epoch=3, epochs=3, test_accuracy=0.5, train_images=6000)
    folder = make_run(runs, "20260101-120000-depth-3-0000", done)
    (folder / EVENTS).write_bytes(b"no event at all")  # reading it would fail
    assert (await first_rows(tmp_path))["depth-3"].split()[1:] == ["50.0", "✓"]


async def test_a_folder_that_is_not_there_shows_no_results(tmp_path: Path) -> None:
    assert (await first_rows(tmp_path))["depth-3"].split() == ["depth-3"]
