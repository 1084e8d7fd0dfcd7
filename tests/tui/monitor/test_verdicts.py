from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.protocol.spec import RunSpec
from tests import goldens
from tests.tui.fake_engine import FakeRun
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.drawing.wrap import flow, shorten
from tui_vanish.lab.screen import LabScreen
from tui_vanish.monitor import verdicts
from tui_vanish.monitor.why_screen import WhyScreen
from vanish_recorder.protocol.events import VerdictChanged

VANISHING = (
    "Each layer passes 1/7.2 of the gradient on; layer 1 gets 7e-6 of layer 7's: a sigmoid's slope is at"
    " most 0.25, and the weights are small."
)
COLLAPSE = "The network can no longer tell its inputs apart."

# What is pressed to see each state.
KEYS: dict[str, tuple[str, ...]] = {"verdict": (), "verdict-delta": ("v",), "why": ("w",)}


def convict(run: FakeRun) -> None:
    """Add the verdicts of depth-7 in its first epochs, the least severe first."""
    suggestions = ("linear-exploding", "depth-3")
    run.find("stuck", "It does no better than guessing.", since=354, suggestions=suggestions)
    run.find("forward_collapse", COLLAPSE, layer="layer7", suggestions=("depth-3",))
    run.find(
        "vanishing",
        VANISHING,
        layer="layer1",
        evidence={"factor": 7.21, "ratio": 7.1e-6, "hops": 6.0, "saturated": None},
        suggestions=("depth-3",),
    )


async def convicted(bench: Bench) -> FakeRun:
    run = await bench.train()
    run.train_epochs(4)
    convict(run)
    await bench.settle()
    await bench.app.workers.wait_for_complete()
    await bench.settle()
    return run


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("state", KEYS)
async def test_the_verdict_matches_its_golden(
    state: str, size: tuple[int, int], ascii: bool, tmp_path: Path
) -> None:
    async with opened(tmp_path, size, ascii=ascii) as bench:
        await convicted(bench)
        await bench.press(*KEYS[state])
        text = bench.text
    if ascii:
        assert text.isascii()
    goldens.check(f"lab/{state}-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", text)


async def test_the_most_severe_verdict_leads_and_the_others_are_named(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await convicted(bench)
        assert "VANISHING since step 1. Each layer passes" in bench.text
        assert "also: FORWARD COLLAPSE, STUCK" in bench.text
        assert COLLAPSE not in bench.text


async def test_the_accused_layer_is_marked_on_its_bar(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await convicted(bench)
        marked = [line for line in bench.text.splitlines() if "layer" in line and " ! " in line]
        assert len(marked) == 1
        assert "layer 1 !" in marked[0]


async def test_x_goes_through_the_suggested_scenarios_and_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await convicted(bench)
        seen = []
        for _ in range(3):
            await bench.press("x")
            assert bench.lab.highlighted is not None
            assert " x try " in bench.footer
            seen.append(bench.lab.highlighted.id)
        assert seen == ["depth-3", "linear-exploding", "depth-7"]


async def test_x_without_a_verdict_shows_a_message(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("x")
        assert "No verdict suggests another scenario yet." in bench.text


async def test_w_shows_every_verdict_with_its_numbers_and_goes_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await convicted(bench)
        await bench.press("w")
        assert isinstance(bench.app.screen, WhyScreen)
        assert COLLAPSE in bench.text
        assert "factor                  7.210" in bench.text
        assert "hops                    6" in bench.text
        await bench.press("w")
        assert isinstance(bench.app.screen, LabScreen)


def test_a_number_that_does_not_apply_is_not_shown() -> None:
    sigmoid = replace(verdict("vanishing"), evidence={"factor": 0.139, "beta": None})
    assert verdicts.evidence(sigmoid) == [("factor", "0.139")]


async def test_w_calls_a_block_whose_name_is_a_number_a_block(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await convicted(bench)
        run.view.apply(verdict("dead", "23"))
        run.engine.sequence += 1
        await bench.settle()
        await bench.press("w")
        assert "DEAD  since step 1, block 23 ·" in bench.text
        assert "VANISHING  since step 1, layer 1 ·" in bench.text


async def test_a_verdict_that_has_ended_is_not_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await convicted(bench)
        vanishing = next(each for each in run.view.snapshot().verdicts if each.kind == "vanishing")
        run.view.apply(replace(vanishing, state="ended"))
        run.engine.sequence += 1
        await bench.settle()
        assert "VANISHING" not in bench.text
        assert "FORWARD COLLAPSE since step 1" in bench.text


def verdict(kind: str, layer: str | None = "layer1", since: int = 1) -> VerdictChanged:
    return VerdictChanged(
        run="r",
        step=1,
        epoch=1,
        stage=1,
        time=0.0,
        state="began",
        kind=kind,
        layer=layer,
        since_step=since,
        evidence={},
        text="",
        suggestions=(),
    )


def test_of_two_equally_severe_verdicts_the_older_one_is_first() -> None:
    later, earlier = verdict("dead", "layer3", 20), verdict("dead", "layer5", 10)
    assert verdicts.most_severe_first([later, earlier]) == [earlier, later]


@pytest.mark.parametrize("kind", ["healthy", "learning", "frozen"])
def test_a_verdict_that_is_not_a_problem_accuses_no_layer(kind: str) -> None:
    from engine.tracking.snapshot import RunView

    view = RunView("r", RunSpec(id="x", epochs_per_stage=1), 1)
    view.apply(verdict(kind))
    assert verdicts.accused(view.snapshot()) is None
    view.apply(verdict("vanishing"))
    assert verdicts.accused(view.snapshot()) == "layer1"


def words(rows: Sequence[Row]) -> list[str]:
    return ["".join(piece.text for piece in row) for row in rows]


@pytest.mark.parametrize("width", [1, 2, 7, 12, 40])
def test_flowing_text_loses_no_word_and_no_row_is_too_wide(width: int) -> None:
    text: Row = (Piece("VANISHING", "bad"), Piece(" since step 1. ‖dL/dW‖"), Piece(" of layer 1", "dim"))
    rows = flow(text, width)
    assert all(len(row) <= width for row in words(rows))
    assert "".join(words(rows)).replace(" ", "") == "".join(piece.text for piece in text).replace(" ", "")


def test_flowing_text_keeps_the_roles_and_breaks_between_words_only() -> None:
    rows = flow((Piece("STUCK", "warn"), Piece(", since step 3")), 12)
    assert rows == [(Piece("STUCK", "warn"), Piece(", since")), (Piece("step 3"),)]


def test_a_shortened_row_ends_with_an_ellipsis_in_its_width() -> None:
    assert words([shorten((Piece("one two three"),), 8)]) == ["one two…"]


async def test_the_key_for_other_verdicts_is_shown_even_without_room_for_their_names(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, NARROW) as bench:
        run = await bench.train()
        run.sample(1)
        run.find(
            "vanishing", "It does.", suggestions=("tanh-orthogonal", "sigmoid-critical", "relu-he", "adam")
        )
        run.find("forward_collapse", "It does.")
        await bench.settle()
        assert "relu-he, adam   w more" in bench.text


async def test_the_last_row_of_a_note_is_always_shown(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        run = await bench.train()
        run.sample(1)
        run.find("vanishing", "word " * 100, suggestions=("depth-3",))
        await bench.settle()
        *_, before, last, _footer = bench.text.splitlines()
        assert before.endswith("…")
        assert last.startswith(" x try: depth-3")


def test_the_numbers_of_a_verdict_name_layers_as_its_sentence_does() -> None:
    evidence: dict[str, float | None] = {"unmoved_layer1": 0.98, "first_bad_step": 12.0}
    assert verdicts.evidence(replace(verdict("immovable"), evidence=evidence)) == [
        ("unmoved layer 1", "0.980"),
        ("first bad step", "12"),
    ]
