"""What the lab shows of the kinds of network that autograd trains."""

import scenarios
from engine.protocol.spec import RunSpec
from engine.tracking.snapshot import RunView
from engine.training.trainer import Trainer
from tests.engine.lab import random_data
from tui_vanish.monitor import present
from tui_vanish.monitor.looks import Looks


def view_of(scenario_id: str) -> RunView:
    """A run of a few steps on noise."""
    scenario = scenarios.load(scenario_id, ["data.batch_size=8", "model.width=4"])
    view = RunView("run", RunSpec.of(scenario.resolved()), 1)
    trainer = Trainer("run", scenario, 1, random_data(), view.apply)
    trainer.begin()
    trainer.step()
    return view


def test_the_bars_of_a_recurrent_network_are_its_time_steps() -> None:
    run = view_of("rnn-rows").snapshot()
    assert present.shown_quantity(run, Looks()).name == "delta_norm"
    assert [each.name for each in present.quantities_of(run)] == ["delta_norm", "activation_std"]
    profile = present.bar_profile(run, Looks(quantity=present.shown_quantity(run, Looks())), {})
    without = [row.name for row in profile.rows if profile.value(row) is None]
    assert without == ["cell"]
    assert len(profile.rows) == 30


def test_the_columns_are_those_that_were_measured() -> None:
    run = view_of("resnet-20").snapshot()
    profile = present.bar_profile(run, Looks(), {})
    assert profile.measured is not None
    assert {"grad_norm", "delta_norm", "update_ratio", "dead"} <= profile.measured
    assert not {"saturated", "inactive"} & profile.measured
    assert {"grad_norm", "delta_norm"} <= {each.name for each in present.quantities_of(run)}
