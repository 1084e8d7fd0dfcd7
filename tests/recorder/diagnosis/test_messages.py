"""What verdicts of watched runs say, in the log, on stderr and when nothing was found."""

import math
from dataclasses import replace

from scenarios.theory import page_ids
from tests.recorder.diagnosis.made_up import Run, structure, with_blocks
from vanish_recorder.diagnosis import Announcer, looked_at, stalled, wording
from vanish_recorder.diagnosis.finding import Finding
from vanish_recorder.protocol.codec import from_record, to_record


def test_the_log_has_the_cure_and_the_page_of_a_watched_run_only() -> None:
    run = Run(structure())
    found = run.follow(with_blocks(run.healthy(), {"activation_mean": [math.nan] * 16}))[0]
    record = to_record(found)
    assert (record["page"], record["try"]) == ("signs", [])
    assert from_record(record) == found
    assert not {"cure", "page"} & to_record(replace(found, cure="", page="")).keys()


def test_every_page_exists_and_every_kind_has_one() -> None:
    assert set(wording.PAGES.values()) <= set(page_ids())
    assert {kind for kind, _ in wording._SENTENCES} == wording.PAGES.keys()


def test_every_fault_has_a_cure() -> None:
    for kind, variant in wording._SENTENCES:
        finding = Finding(kind, variant, named={"dtype": "float32"})  # type: ignore[arg-type]
        assert bool(wording.cure(finding, structure())) == (kind != "frozen"), (kind, variant)


def test_a_severe_kind_is_announced_once_and_in_one_line() -> None:
    run, announcer = Run(structure()), Announcer()
    broken = replace(run.healthy(), logged={"loss": math.nan})
    (line,) = announcer.lines(run.follow(broken))
    assert line == "vanish-tui: non finite since step 1: At step 1 the loss is not finite."
    assert announcer.lines(run.said) == []
    frozen = Run(structure())
    assert announcer.lines(frozen.repeat(replace(frozen.healthy(), states="f" * 32), 5)) == []


def test_what_was_looked_at_is_said_with_what_was_not() -> None:
    text = looked_at(structure(blocks=2, left_out={"table": "it is quantised"}))
    assert text == (
        "nothing found in the gradients and activations at 2 blocks and the steps of 4 tensors; not looked "
        "at: dead units, because no block ends in a ReLU, what happens inside the blocks, table (it is "
        "quantised), the biases, data that the model is not trained on"
    )
    compiled = looked_at(structure(blocks=2, without_activations="the model is compiled"))
    assert "activations and their gradients (the model is compiled)" in compiled
    assert "healthy" not in text + compiled


def test_a_run_stalls_after_a_minute_or_twenty_times_its_usual_silence() -> None:
    assert stalled(59, 1) == stalled(100, 10) == ""
    assert stalled(240, 2) == "No new line for 4 min; before, one came every 2 s."
    assert stalled(61, 0) == "No new line for 61 s."


def test_a_block_whose_name_is_a_number_is_called_block_in_a_sentence() -> None:
    evidence: dict[str, float | None] = {"spread": 1e-5, "spread_of_first": 0.5, "blocks": 3.0}
    numbered = Finding("forward_collapse", "plain", layer="12", reference="0", evidence=evidence)
    named = replace(numbered, layer="conv12", reference="stem")
    assert "the output of block 12 differs" in wording.began(numbered)
    assert "(block 0: " in wording.began(numbered)
    assert "the output of conv12 differs" in wording.began(named)
