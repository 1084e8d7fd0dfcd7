"""From findings to events: when they are emitted, what they contain, and that the log has all of them."""

import math
import random
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from engine.diagnosis import Diagnosis
from engine.protocol.spec import RunSpec
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.storage.run_log import read_events
from engine.tracking.snapshot import RunView, Snapshot
from scenarios.schema import Scenario
from tests.engine.lab import Listener, begin, course, of_kind, random_data, train, write_data
from tests.engine.made_up_runs import MadeUpRun, geometric, layers
from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import (
    LayerSample,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    VerdictChanged,
)
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.verdicts import SEVERITY, severity
from vanish_recorder.storage.log_file import EVENTS

VANISHING = layers(delta_norm=geometric(0.024, 7.2), update_ratio=1e-6)


def finished(step: int, first_bad_step: int, nonfinite: tuple[str, ...]) -> RunFinished:
    return RunFinished(
        run="r",
        step=step,
        epoch=1,
        stage=1,
        time=1.0,
        status=Status.DIVERGED,
        epochs=1,
        steps=step,
        test_loss=None,
        test_accuracy=None,
        best_test_accuracy=None,
        seconds=1.0,
        weights_sha256=None,
        first_bad_step=first_bad_step,
        nonfinite=nonfinite,
    )


def trained(folder: Path, scenario: Scenario) -> tuple[list[RunEvent], Snapshot]:
    """(the events of a run, its last snapshot). The log is under `folder`."""
    listener = Listener()
    engine = Engine(
        Settings(device="cpu", data=write_data(folder / "data"), runs_dir=folder / "runs"), on_event=listener
    )
    engine.start()
    name = engine.train(scenario, 1)
    listener.wait_for(RunFinished, run=name)
    engine.close()
    return listener.events, engine.snapshot().runs[0]


# -------------------------------------------------------------------------------------- the events


def test_the_most_severe_is_reported_first() -> None:
    profile = layers(
        delta_norm=geometric(0.024, 7.2), update_ratio=1e-6, unmoved=0.9, saturated=0.6, sample_std=1e-6
    )
    said = [verdict.kind for verdict in MadeUpRun().measure(profile).said]
    assert said == ["vanishing", "forward_collapse", "immovable", "saturated"]
    assert sorted(set(SEVERITY), key=severity) == list(SEVERITY)
    assert severity("a newer version's") > severity(SEVERITY[-1])


def test_the_end_of_a_verdict_has_its_first_and_last_step() -> None:
    run = MadeUpRun().measure(*[VANISHING] * 3, *[layers()] * 12)
    began, ended = (verdict for verdict in run.said if verdict.kind == "vanishing")
    assert replace(
        ended, state="began", step=began.step, time=began.time, text="", suggestions=()
    ) == replace(began, text="", suggestions=())
    assert ended.text == f"It lasted from step 1 to step {ended.step}."


def test_a_lasting_finding_is_reported_once() -> None:
    assert len(MadeUpRun().measure(*[VANISHING] * 50).said) == 1


def test_a_stage_begins_without_the_findings_of_the_one_before() -> None:
    run = MadeUpRun().measure(VANISHING).finish_epochs(*[(2.303, 0.1)] * 3)
    run.begin_stage()
    assert not run.holding
    assert run.said[-1].text == "It lasted from step 1 to the end of the stage, step 354."
    again = run.measure(VANISHING).holding["vanishing"]
    assert (again.stage, again.since_step) == (2, 355)
    run.finish_epochs((2.303, 0.1), (2.303, 0.1))
    assert "stuck" not in run.holding


def test_every_event_survives_the_log() -> None:
    run = MadeUpRun().measure(VANISHING, layers(unmoved=0.9, update_ratio=math.inf))
    assert run.said
    for verdict in run.said:
        assert from_line(to_line(verdict)) == verdict


# -------------------------------------------------------------------------------------- not finite


def test_the_layer_whose_output_broke_first_is_named_and_the_good_news_ends() -> None:
    run = MadeUpRun().measure(layers()).measure(layers(), loss=math.nan)
    said = run.diagnosis.follow(finished(2, 2, ("layer6", "layer7", "output")))
    assert [(verdict.state, verdict.kind) for verdict in said] == [
        ("ended", "healthy"),
        ("began", "non_finite"),
    ]
    assert (said[-1].layer, said[-1].since_step) == ("layer6", 2)
    assert said[-1].text.startswith("At step 2 layer 6 was the first")


def test_a_bad_step_that_was_not_measured_is_reported_without_a_layer() -> None:
    said = MadeUpRun().diagnosis.follow(finished(20, 13, ("layer1", "layer2", "output")))
    assert (said[0].layer, said[0].since_step) == (None, 13)


def test_a_gradient_that_is_not_finite_is_found_before_the_loss_is() -> None:
    broken = layers(delta_norm=[math.inf, math.inf, *[0.02] * 5])
    verdict = MadeUpRun().measure(broken).holding["non_finite"]
    assert (verdict.layer, verdict.since_step) == ("layer2", 1)


def test_weights_of_zero_are_finite() -> None:
    assert "non_finite" not in MadeUpRun().measure(layers(weight_norm=0.0, update_ratio=math.inf)).holding


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, 0.0, 5e-324, 1e308])
def test_no_rule_fails_on_an_unusual_number(value: float | None) -> None:
    names = [field.name for field in fields(LayerSample) if field.name not in ("name", "frozen")]
    for name in names:
        for there in range(4):
            run = MadeUpRun({"model.activation": "relu"}, hidden=3)
            odd = [replace(layer) for layer in layers(3)]
            changes: dict[str, Any] = {name: value}
            odd[there] = replace(odd[there], **changes)
            run.measure(layers(3), odd, *[layers(3)] * 6, *[odd] * 6).finish_epochs((2.3, 0.1))
    everywhere = [LayerSample(name=f"layer{n}", **dict.fromkeys(names, value)) for n in (1, 2, 3)]
    MadeUpRun().measure(*[everywhere] * 12).finish_epochs(*[(value or 0.0, 0.1)] * 5)


def test_no_rule_fails_on_missing_layers() -> None:
    run = MadeUpRun().measure((), (), layers(1), layers(3)[-1:], layers(), ())
    run.finish_epochs((math.nan, math.nan), (math.inf, 0.1), (0.0, 1.0))


def test_no_rule_fails_on_noise() -> None:
    draw = random.Random(5)
    strange: list[Any] = [None, 0.0, math.nan, math.inf, 1e-320, 1e300]
    names = [field.name for field in fields(LayerSample) if field.name not in ("name", "frozen")]

    def any_number() -> float | None:
        return draw.choice(strange) if draw.random() < 0.1 else 10 ** draw.uniform(-12, 6)

    for hidden in (1, 2, 7):
        run = MadeUpRun(hidden=hidden)
        for _ in range(60):
            profile = [
                LayerSample(
                    name=name, frozen=draw.random() < 0.2, **{quantity: any_number() for quantity in names}
                )
                for name in (*(f"layer{n + 1}" for n in range(hidden)), "output")
            ]
            run.measure(profile, loss=10 ** draw.uniform(-3, 6))
            if draw.random() < 0.2:
                run.finish_epochs((10 ** draw.uniform(-2, 3), draw.random()))
        assert run.holding.keys() <= set(SEVERITY)


# ---------------------------------------------------------------------------- a live run and its log


def test_a_verdict_follows_directly_after_the_event_it_is_based_on(tmp_path: Path) -> None:
    events, snapshot = trained(tmp_path, course(changes={"data.batch_size": 40, "training.epochs": 3}))
    first = next(place for place, event in enumerate(events) if isinstance(event, Sample))
    assert [event.kind for event in events[first + 1 :] if isinstance(event, VerdictChanged)][:3] == [
        "vanishing",
        "forward_collapse",
        "immovable",
    ]
    assert isinstance(events[first + 1], VerdictChanged)
    assert [verdict.kind for verdict in snapshot.verdicts][:2] == ["vanishing", "forward_collapse"]


def test_the_log_contains_the_verdicts_and_gives_the_live_snapshot(tmp_path: Path) -> None:
    scenario = course(changes={"data.batch_size": 40, "training.epochs": 3})
    events, live = trained(tmp_path, scenario)
    (log,) = (tmp_path / "runs").glob(f"*/{EVENTS}")
    logged = read_events(log)
    assert logged == events
    view = RunView(live.run, RunSpec.of(scenario.resolved()), 1)
    for event in logged:
        view.apply(event)
    assert view.snapshot() == live
    assert live.verdicts


def test_a_diverged_run_reports_its_cause_before_its_last_event(tmp_path: Path) -> None:
    exploding = course(
        changes={
            "model.activation": "identity",
            "model.init.std": 10 / math.sqrt(128),
            "data.batch_size": 40,
            "training.epochs": 1,
        }
    )
    events, live = trained(tmp_path, exploding)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].status is Status.DIVERGED
    assert isinstance(events[-2], VerdictChanged)
    assert [verdict.kind for verdict in live.verdicts] == ["non_finite", "exploding"]
    assert live.verdicts[0].layer == events[-1].nonfinite[0] if events[-1].nonfinite else False


@pytest.mark.parametrize("measuring", [True, False])
@pytest.mark.parametrize("lr", [3.0, 30.0, 1000.0])
@pytest.mark.parametrize("hidden", [2, 3, 5])
def test_a_loss_that_breaks_between_two_samples_is_not_finite_from_its_own_step_on(
    hidden: int, lr: float, measuring: bool
) -> None:
    changes = {
        "model.activation": "identity",
        "model.hidden_layers": hidden,
        "model.init.std": 0.02,
        "data.batch_size": 8,
        "optimizer.lr": lr,
        "training.epochs": 30,
    }
    scenario = course(hidden, changes)
    trainer, events = begin(scenario, random_data())
    trainer.measuring = measuring
    train(trainer)
    (end,) = of_kind(events, RunFinished)
    assert end.status is Status.DIVERGED
    assert end.nonfinite
    diagnosis, held = Diagnosis(RunSpec.of(scenario.resolved())), {}
    for event in events:
        for verdict in diagnosis.follow(event):
            held[verdict.kind] = verdict
    broken = held["non_finite"]
    assert (broken.state, broken.since_step) == ("began", end.first_bad_step)
    assert broken.evidence["layers"] == len(end.nonfinite)
    assert f"step {end.first_bad_step}" in broken.text


def test_the_first_layer_is_named_only_if_it_was_measured_before_an_update_changed_the_others() -> None:
    run = MadeUpRun().measure(layers())
    ended, unseen = run.diagnosis.follow(finished(2, first_bad_step=2, nonfinite=("layer1", "output")))
    assert (ended.state, ended.kind) == ("ended", "healthy")
    assert (unseen.state, unseen.kind, unseen.layer) == ("began", "non_finite", None)
    run = MadeUpRun().measure(layers(), loss=math.nan)
    (seen,) = run.diagnosis.follow(finished(1, first_bad_step=1, nonfinite=("layer7", "output")))
    assert (seen.kind, seen.layer) == ("non_finite", "layer7")


def test_following_the_same_events_again_gives_the_same_verdicts() -> None:
    scenario = course(changes={"data.batch_size": 40, "training.epochs": 4})
    trainer, events = begin(scenario, random_data())
    train(trainer)
    whole = Diagnosis(RunSpec.of(of_kind(events, RunStarted)[0].scenario))
    said = [whole.follow(event) for event in events]
    assert any(said)
    for cut in range(0, len(events), 3):
        again = Diagnosis(RunSpec.of(scenario.resolved()))
        for event in events[:cut]:
            again.follow(event)
        assert [again.follow(event) for event in events[cut:]] == said[cut:]
