"""What a run was trained on, where, when and by which command; what is not known is said to be unknown."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

from engine.storage.run_index import INDEX, list_runs
from engine.storage.run_log import read_description
from tests.engine.lab import origin
from tests.tui.lab_bench import NARROW, WIDE, opened
from tests.tui.runs.test_screen import make_run
from tui_vanish.monitor import origin_text
from tui_vanish.session.origins import Known
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import DESCRIPTION
from vanish_recorder.storage.summary import Summary

NAME = "20260103-090000-depth-3-aaaa"
DONE = Summary(
    "depth-3", 42, Status.FINISHED, epoch=3, epochs=3, data="sample", device="cpu", threads=2,
    train_images=6000, test_images=1000,
)  # fmt: skip


def words(folder: Path, known: Known | None, width: int = 200) -> list[str]:
    entry = next(entry for entry in list_runs(folder) if entry.name == NAME)
    return ["".join(piece.text for piece in row) for row in origin_text.rows(entry, known, width)]


def test_a_run_says_what_it_was_trained_on_where_when_and_by_which_command(tmp_path: Path) -> None:
    make_run(tmp_path, NAME, DONE)
    command_line = "vanish-tui run x\x1b[2J"
    began = replace(
        origin(), source="sample", train=6000, test=1000, threads=2, host="box", command=command_line
    )
    data, begun, command = words(tmp_path, Known(began))
    assert data.split(maxsplit=1)[1] == "6 000 training and 1 000 test images (sample) · cpu, 2 threads"
    assert begun.split(maxsplit=1)[1] == "2026-01-03 09:00 on box, with seed 42"
    assert command.split(maxsplit=1)[1].startswith("vanish-tui run x")
    assert "\x1b" not in command


def test_a_run_of_an_earlier_version_says_that_it_is_unknown(tmp_path: Path) -> None:
    make_run(tmp_path, NAME, replace(DONE, data="", device="", threads=None, train_images=None))
    description = tmp_path / NAME / DESCRIPTION
    record = json.loads(description.read_text())
    for key in ("data", "device", "threads", "host", "command"):
        del record[key]
    description.write_text(json.dumps(record))
    data, begun, command = words(tmp_path, Known(read_description(tmp_path / NAME).origin))
    assert data.split(maxsplit=1)[1] == "unknown number of images (unknown data) · unknown device"
    assert begun.split(maxsplit=1)[1] == "2026-01-03 09:00 on an unknown machine, with seed 42"
    assert command.split(maxsplit=1)[1] == "unknown"


def test_the_number_of_images_comes_from_the_description_if_the_summary_lacks_it(tmp_path: Path) -> None:
    make_run(tmp_path, NAME, replace(DONE, train_images=None, test_images=None))
    for _ in range(2):  # read, then from the index
        summary = list_runs(tmp_path)[0].summary
        assert summary is not None
        assert (summary.train_images, summary.test_images) == (origin().train, origin().test)
    (tmp_path / INDEX).unlink()
    shutil.rmtree(tmp_path / NAME)


async def test_the_list_tells_runs_on_6_000_and_on_60_000_images_apart(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    make_run(runs, NAME, DONE)
    make_run(runs, "20260102-090000-depth-3-bbbb", replace(DONE, train_images=60_000, test_images=10_000))
    for size in (NARROW, WIDE):
        folder = tmp_path / str(size[0])
        folder.mkdir()
        async with opened(folder, size) as bench:
            bench.engine.runs_folder = runs
            await bench.press("r")
            for word in ("60 000", "2026-01-03 09:00 on", "80 training and 20 test images (noise)"):
                while word not in bench.text:  # the list and the description are read in threads
                    await bench.settle()


async def test_a_run_in_the_lab_says_it_too(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        run = await bench.train()
        run.train_epochs(1)
        await bench.settle()
        assert "60 000 images (debian) · cpu ×1 · 2026-01-01 12:00" in bench.text
        await bench.press("i")
        await bench.settle()
        assert all(word in bench.text for word in ("Trained on", "Begun", "Command", "with seed 42"))
