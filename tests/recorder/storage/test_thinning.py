"""A watched run's log stays small: which samples are kept, and what becomes of the others.

This file is longer than 300 lines because all of its tests share one made-up run.
"""

import errno
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from engine.protocol.spec import RunSpec
from engine.storage.follower import Follower
from engine.storage.run_index import list_runs
from engine.storage.run_log import read_events
from engine.tracking.snapshot import RunView, Snapshot
from tests.recorder.watched import WATCHED, epoch_logged, finished, measured, recording, structure, verdict
from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import RunEvent, VerdictChanged
from vanish_recorder.protocol.watch_events import EpochLogged, Measured, PartDisabled, Thinned
from vanish_recorder.recording import Recording
from vanish_recorder.storage import thinning
from vanish_recorder.storage.line_index import LineIndex
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.summary import SUMMARY

ROOT = Path(__file__).parent.parent.parent.parent
STEPS = 3000
VERDICT_AT = 700


def index_of(steps: int, verdicts: tuple[int, ...] = (), bytes_per_line: int = 8000) -> LineIndex:
    index, end = LineIndex(), 0
    for step in range(1, steps + 1):
        end += bytes_per_line
        index.add(Measured.event, step, end)
        if step in verdicts:
            end += 100
            index.add(VerdictChanged.event, step, end)
    return index


def kept_steps(index: LineIndex) -> list[int]:
    keeps = thinning.plan(index).keeps
    return [
        step for step, keep, kind in zip(index.steps, keeps, index.kinds, strict=True) if keep and kind == 1
    ]


def thinned(index: LineIndex) -> LineIndex:
    """The lines that thinning would leave, without those that stand for gaps."""
    new, start = LineIndex(), 0
    keeps = thinning.plan(index).keeps
    for keep, kind, step, end in zip(keeps, index.kinds, index.steps, index.ends, strict=True):
        if keep:
            new.append(kind, step, (new.ends[-1] if new.ends else 0) + end - start)
        start = end
    return new


def test_the_first_the_newest_and_those_around_a_verdict_are_kept_and_the_rest_evenly() -> None:
    kept = kept_steps(index_of(100_000, verdicts=(5_000,)))
    assert kept[:100] == list(range(1, 101))
    assert kept[-200:] == list(range(99_801, 100_001))
    assert [step for step in kept if 4_981 <= step <= 5_020] == list(range(4_981, 5_021))
    between = [step for step in kept if 5_020 < step <= 99_800]
    gaps = {after - before for before, after in pairwise(between)}
    assert gaps == {512}
    assert len(kept) < 100 + 200 + 40 + 256


def test_a_verdict_that_comes_and_goes_without_end_keeps_the_log_small() -> None:
    kept = kept_steps(index_of(20_000, verdicts=tuple(range(50, 20_000, 50))))
    assert len(kept) <= 100 + 200 + 256 + 16 * 40


def test_fewer_samples_are_kept_of_a_model_with_thousands_of_tensors() -> None:
    index = index_of(20_000, bytes_per_line=150_000)
    assert 300 + 64 / 2 <= len(kept_steps(index)) <= 300 + 2**24 / 150_000


def test_to_thin_again_and_again_leaves_the_same_samples_as_to_thin_once() -> None:
    verdicts = (300, 2_222)
    whole, growing = index_of(9_000, verdicts), LineIndex()
    for start in range(0, len(whole.ends), 500):
        piece = LineIndex()
        for number in range(start, min(start + 500, len(whole.ends))):
            piece.append(whole.kinds[number], whole.steps[number], 8000 * (number + 1))
        growing.extend(piece, 0, 8000 * start - (growing.ends[-1] if growing.ends else 0))
        gap = thinning.plan(growing).gap
        growing = thinned(growing)
        growing.gap = gap
    assert list(growing.steps) == list(thinned(whole).steps)


# --------------------------------------------------------------------------------------- the log


def write(run: Recording, steps: range) -> list[RunEvent]:
    """Write a run's events, with other events between the samples; returns all of them."""
    written: list[RunEvent] = []
    for step in steps:
        written.append(measured(run.run, step))
        if step % 250 == 0:
            written.append(epoch_logged(run.run, step, test_accuracy=step / 10_000))
        if step == VERDICT_AT:
            written.append(verdict(run.run, step))
    written = [replace(event, epoch=run.first_epoch) for event in written]
    for event in written:
        run.write(event)
    return written


@pytest.fixture(autouse=True)
def without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests thin at moments of their own."""
    monkeypatch.setattr("vanish_recorder.recording._keep", lambda *_: None)


def fold(run: str, events: list[RunEvent]) -> Snapshot:
    view = RunView(run, RunSpec.of_watched({**WATCHED, "name": "net"}), 0)
    for event in events:
        read = from_line(to_line(event))
        assert read is not None
        view.apply(read)
    return view.snapshot()


def shown(run: Snapshot) -> object:
    """What screens show of a run, apart from how often its gradient was drawn over time."""
    assert run.watched is not None
    return (
        (
            run.status,
            run.step,
            run.time,
            run.loss,
            run.lr,
            run.layers,
            run.last_epoch,
            run.best_test_accuracy,
        ),
        (run.verdicts, run.interventions, run.results),
        (run.charts.batch_loss, run.charts.test_accuracy, run.charts.profiles[-1]),
        (run.watched.series, run.watched.epoch_series, run.watched.logged, run.watched.measured),
    )


def test_a_long_log_is_thinned_while_it_is_written(tmp_path: Path) -> None:
    run = recording(tmp_path)
    run.write(structure(run.run))
    sizes = []
    written: list[RunEvent] = []
    for start in range(1, STEPS, 100):
        written += write(run, range(start, start + 100))
        run.keep_up()
        sizes.append((run.folder / EVENTS).stat().st_size)
    run.close(finished(run.run, STEPS))

    found = read_events(run.folder / EVENTS)  # raises if a line is damaged
    assert max(sizes) < sizes[0] * (STEPS // 100) / 2
    others = [event for event in written if not isinstance(event, Measured)]
    assert [event for event in found if isinstance(event, EpochLogged | VerdictChanged)] == others
    samples = [event for event in found if isinstance(event, Measured)]
    out = [event for event in found if isinstance(event, Thinned)]
    assert len(samples) + sum(event.samples for event in out) == STEPS
    steps = Counter([*(event.step for event in samples), *(step for event in out for step in event.steps)])
    assert set(steps.values()) == {1}
    assert {*range(1, 101), *range(VERDICT_AT - 19, VERDICT_AT + 21), *range(STEPS - 199, STEPS + 1)} <= {
        event.step for event in samples
    }
    assert sorted(steps) == list(range(1, STEPS + 1))  # the gaps are short, so every loss is still there
    losses = {event.step: event.logged["loss"] for event in written if isinstance(event, Measured)}
    for event in out:
        for step, time, logged in event.rows():
            assert logged["loss"] == pytest.approx(losses[step], rel=1e-5)
            assert time == step / 100
    assert not list(run.folder.glob(".*"))


def test_of_a_very_long_run_the_logged_numbers_become_fewer_too(tmp_path: Path) -> None:
    run = recording(tmp_path)
    run.write(structure(run.run, 1, 1))
    for step in range(1, 9_000):
        run.write(measured(run.run, 1000 * step, 1, 1))
        if step % 500 == 0:
            run.keep_up()
    found = read_events(run.folder / EVENTS)
    rows = sum(len(event.steps) for event in found if isinstance(event, Thinned))
    assert 0 < rows <= thinning.MOST_BETWEEN * (thinning.ROWS_PER_SAMPLE + 2)
    run.close(finished(run.run, 9_000_000))


@pytest.mark.parametrize("lag", [1, 7, 30])
def test_a_follower_sees_each_event_once_whatever_was_thinned_meanwhile(
    lag: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recording(tmp_path)
    run.write(structure(run.run))
    follower = Follower(run.folder)
    steps: list[tuple[str, int]] = []
    apply = follower.view.apply

    def noted(event: RunEvent) -> None:
        steps.append((event.event, event.step))
        apply(event)

    monkeypatch.setattr(follower.view, "apply", noted)
    written: list[RunEvent] = []
    for number, start in enumerate(range(1, STEPS, 100)):
        written += write(run, range(start, start + 100))
        run.keep_up()
        if number % lag == 0:
            follower.poll(10_000 if number % 3 else None)
    end = finished(run.run, STEPS)
    run.close(end)
    follower.poll()

    assert follower.damage == ""
    for kind in (Measured, EpochLogged, VerdictChanged):
        seen = [step for event, step in steps if event == kind.event]
        assert len(set(seen)) == len(seen)
        if kind is not Measured:
            assert seen == [event.step for event in written if isinstance(event, kind)]
    kept = {event.step for event in read_events(run.folder / EVENTS) if isinstance(event, Measured)}
    assert kept <= {step for event, step in steps if event == Measured.event}
    whole = [structure(run.run), *written, end]
    started = read_events(run.folder / EVENTS)[:1]
    assert shown(follower.snapshot()) == shown(fold(run.run, [*started, *whole]))


def test_a_follower_starts_again_with_the_log_of_another_run(tmp_path: Path) -> None:
    run, other = recording(tmp_path / "a"), recording(tmp_path / "b", lr=7)
    for each, last in ((run, 20), (other, 30)):
        each.write(structure(each.run))
        write(each, range(1, last))
        each.keep_up()
    follower = Follower(run.folder)
    follower.poll()
    os.replace(other.folder / EVENTS, run.folder / EVENTS)
    follower.poll()
    assert follower.damage == ""
    assert follower.snapshot().step == 29
    assert len(follower.snapshot().charts.profiles) == 29
    other.abandon()
    run.abandon()


def test_no_list_says_that_a_thinned_log_is_cut(tmp_path: Path) -> None:
    run = recording(tmp_path)
    run.write(structure(run.run))
    run.keep_up()
    for start in range(1, STEPS, 300):
        write(run, range(start, start + 300))
        run.keep_up()
        (entry,) = list_runs(tmp_path)
        assert entry.problem == ""
        size = (run.folder / EVENTS).stat().st_size
        assert json.loads((run.folder / SUMMARY).read_text())["log_bytes"] == size
    run.close(finished(run.run, STEPS))


def test_a_full_disk_leaves_the_log_and_ends_the_thinning_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = recording(tmp_path)
    run.write(structure(run.run))
    written = write(run, range(1, 2_000))
    with monkeypatch.context() as disk:
        disk.setattr("vanish_recorder.storage.thinner.os.fsync", full)
        run.keep_up()
    run.keep_up()
    assert run.trouble == ""
    found = read_events(run.folder / EVENTS)
    assert [each.step for each in found if isinstance(each, Measured)] == [
        each.step for each in written if isinstance(each, Measured)
    ]
    (line,) = [each for each in found if isinstance(each, PartDisabled)]
    assert (line.part, line.reason) == ("thinning of the log", "No space left on device")
    assert not list(run.folder.glob(".*.tmp"))
    run.close(finished(run.run, 2_000))


KILLED = """
import os, sys
from pathlib import Path

from tests.recorder.watched import epoch_logged, measured, recording, structure
from vanish_recorder import recording as module
from vanish_recorder.storage import thinning

module._keep = lambda *_: None
thinning.FIRST, thinning.NEWEST, thinning._MORE = 5, 10, 15
thinning.MOST_BETWEEN = thinning.LEAST_BETWEEN = 5
CALLS = ("open", "write", "pread", "fsync", "replace", "close", "unlink")


def train(folder, moment):
    count = 0

    def dying(call):
        def called(*arguments, **named):
            nonlocal count
            count += 1
            if count == moment:
                os.kill(os.getpid(), 9)
            return call(*arguments, **named)

        return called

    run = recording(folder)
    run.write(structure(run.run))
    for step in range(1, 61):
        run.write(measured(run.run, step))
        if step % 20 == 0:
            run.write(epoch_logged(run.run, step, test_accuracy=step / 100))
    run._save()
    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))
    run.keep_up()
    assert run.trouble == ""


moment, status = 0, 9
while status:
    moment += 1
    child = os.fork()
    if not child:
        train(Path(sys.argv[1]) / str(moment), moment)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, 9), status
"""


def test_a_process_that_is_killed_at_any_moment_leaves_a_log_that_can_be_read(tmp_path: Path) -> None:
    """At each call of the system while the log is thinned, and once not at all."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, check=True)
    sizes = set()
    moments = sorted(tmp_path.iterdir(), key=lambda each: int(each.name))
    assert len(moments) > 15
    for runs in moments:
        (entry,) = list_runs(runs)
        assert entry.problem == ""
        found = read_events(entry.folder / EVENTS)
        assert [event.step for event in found if isinstance(event, EpochLogged)] == [20, 40, 60]
        samples = {event.step for event in found if isinstance(event, Measured)}
        assert {*range(1, 6), *range(51, 61)} <= samples
        assert len(samples) + sum(event.samples for event in found if isinstance(event, Thinned)) == 60
        sizes.add(len(samples))
        again = recording(runs, resume=True)
        assert again.notice == ""
        assert again.first_step == 60
        again.close(finished(again.run, 60))
        assert sorted(each.name for each in entry.folder.iterdir() if each.name.startswith(".")) == []
    assert len(sizes) == 2  # the old log, or the new one


def test_a_script_that_is_started_again_continues_the_thinned_log(tmp_path: Path) -> None:
    for start in (0, 1_500, 3_000):
        run = recording(tmp_path, resume=True)
        assert run.notice == ""
        assert run.first_step == start
        run.write(replace(structure(run.run, step=start), epoch=run.first_epoch))
        write(run, range(start + 1, start + 1_501))
        run.keep_up()
        run.close(replace(finished(run.run, start + 1_500), epoch=run.first_epoch))
    (folder,) = tmp_path.iterdir()
    found = read_events(folder / EVENTS)
    samples = [event.step for event in found if isinstance(event, Measured)]
    assert len(samples) + sum(event.samples for event in found if isinstance(event, Thinned)) == 4_500
    assert len(samples) < 1_500
    assert [event.event for event in found].count("watch_started") == 3
    assert fold(folder.name, found).step == 4_500


def test_a_folder_that_was_moved_is_thinned_where_it_is_made_again(tmp_path: Path) -> None:
    run = recording(tmp_path)
    run.write(structure(run.run))
    write(run, range(1, 2_000))
    run.folder.rename(tmp_path / "moved")
    run.keep_up()
    found = read_events(run.folder / EVENTS)
    assert [event for event in found if isinstance(event, PartDisabled)] == []
    assert len([event for event in found if isinstance(event, Measured)]) < 1_000
    assert run.trouble == ""
    run.close(finished(run.run, 2_000))
