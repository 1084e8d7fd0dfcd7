"""Values that no run reports are refused, because what reads a log would fail on them."""

from typing import Any

import pytest

from engine.tracking.fitting import DoesNotFit, Fitting
from tests.engine import made_up_watched as made_up
from tests.recorder.protocol.test_events import SAMPLE
from vanish_recorder.protocol.codec import from_line, from_record, to_line, to_record
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.protocol.watch_events import Measured, Thinned

STRUCTURE = made_up.structure(blocks=2, tensors_per_block=2)
MEASURED = made_up.measured(10, STRUCTURE)
THINNED = Thinned(
    **made_up.at(10),
    samples=3,
    span=4,
    steps=(4, 8),
    times=(0.2, 0.4),
    logged={"loss": (2.0, None), "unmoved": (-5.0, 1e9)},
)


@pytest.mark.parametrize("quantity", ["grad_norm", "delta_norm", "weight_norm", "saturated", "sample_std"])
def test_a_norm_or_a_share_below_zero_is_refused(quantity: str) -> None:
    layer = {"name": "layer1", "frozen": False, quantity: -0.5}
    with pytest.raises(ValueError, match=rf"^{quantity} cannot be -0.5$"):
        from_record(to_record(SAMPLE) | {"layers": [layer]})
    for allowed in (0.0, "inf", "nan"):
        assert from_record(to_record(SAMPLE) | {"layers": [layer | {quantity: allowed}]}) is not None


def test_half_a_surrogate_pair_is_refused() -> None:
    line = to_line(SAMPLE)
    for text in ("\\ud800", "x\\uDC80"):
        with pytest.raises(ValueError, match=r"^a text is not Unicode$"):
            from_line(line.replace("layer1", text))
    with pytest.raises(ValueError, match=r"^a text is not Unicode$"):
        from_line(line.encode().replace(b"layer1", "\ud800".encode(errors="surrogatepass")))
    for whole in ("\\ud83d\\ude00", "한국"):
        assert from_line(line.replace("layer1", whole)) is not None


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (MEASURED, {"step": "10"}),
        (MEASURED, {"step": True}),
        (MEASURED, {"time": "nan"}),
        (MEASURED, {"run": 3}),
        (MEASURED, {"seconds": -1.0}),
        (MEASURED, {"skipped": 1.5}),
        (MEASURED, {"scale": [1.0]}),
        (MEASURED, {"states": "sz"}),
        (MEASURED, {"states": ["s", "s"]}),
        (MEASURED, {"logged": {"loss": None}}),
        (MEASURED, {"logged": {"loss": "high"}}),
        (MEASURED, {"logged": {"loss": True}}),
        (MEASURED, {"logged": {"loss": 10**30}}),
        (MEASURED, {"logged": [1.0]}),
        (MEASURED, {"lr": "x"}),
        (MEASURED, {"tensors": [1.0]}),
        (MEASURED, {"tensors": {"grad_norm": "11"}}),
        (MEASURED, {"tensors": {"grad_norm": [1.0, [2.0]]}}),
        (MEASURED, {"tensors": {"grad_norm": [1.0, True]}}),
        (MEASURED, {"tensors": {"grad_norm": [1.0, "x"]}}),
        (MEASURED, {"tensors": {"grad_norm": [1.0, 10**30]}}),
        (MEASURED, {"tensors": {"grad_norm": [1.0, -1e-9]}}),
        (MEASURED, {"tensors": {"grad_norm": ["nan", -1.0]}}),
        (MEASURED, {"tensors": {"grad_rms": [None, "-inf"]}}),
        (MEASURED, {"tensors": {"unmoved": [0.5, 1.5]}}),
        (MEASURED, {"over_time": {"rnn": [1.0, None]}}),
        (STRUCTURE, {"tensors": [{"name": "a", "shape": [2]}]}),
        (STRUCTURE, {"tensors": [{"name": "a", "shape": "2", "dtype": "f"}]}),
        (STRUCTURE, {"tensors": [{"name": "a", "shape": [-1], "dtype": "f"}]}),
        (STRUCTURE, {"tensors": [{"name": ["a"], "shape": [1], "dtype": "f"}]}),
        (STRUCTURE, {"tensors": [{"name": "a", "shape": [1], "dtype": "f", "role": "odd"}]}),
        (STRUCTURE, {"tensors": [{"name": "a", "shape": [1], "dtype": "f", "block": 2}]}),
        (STRUCTURE, {"tensors": [{"name": "a", "shape": [1], "dtype": "f", "also": [1]}]}),
        (STRUCTURE, {"blocks": ["h.0"]}),
        (STRUCTURE, {"left_out": {"a": None}}),
        (made_up.histograms(10, "h.0"), {"histograms": {"weights": [0.0, None]}}),
        (made_up.disabled(10), {"reason": None}),
        (made_up.epoch_logged(10, 1), {"logged": {"loss": {}}}),
        (THINNED, {"steps": [4, 4]}),
        (THINNED, {"steps": [4, 11]}),
        (THINNED, {"steps": [4]}),
        (THINNED, {"times": [0.4, 0.2]}),
        (THINNED, {"times": [0.2, 1e9]}),
        (THINNED, {"times": [0.2, "nan"]}),
        (THINNED, {"logged": {"loss": [1.0]}}),
        (THINNED, {"span": 0}),
    ],
)
def test_a_line_of_a_watched_run_with_an_impossible_value_is_refused(
    event: RunEvent, changes: dict[str, Any]
) -> None:
    assert from_record(to_record(event)) == event
    with pytest.raises((TypeError, ValueError)):
        from_record(to_record(event) | changes)


def test_values_that_are_not_finite_are_possible_where_a_training_has_them() -> None:
    line = to_record(MEASURED) | {
        "logged": {"loss": "nan"},
        "tensors": {"grad_norm": ["inf", "nan", 1, None], "of_a_newer_version": [-1.0] * 4},
    }
    read = from_record(line)
    assert isinstance(read, Measured)
    assert str(read.tensors["grad_norm"]) == "(inf, nan, 1.0, None)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"blocks": {"delta_norm": (1.0,)}}, "delta_norm has 1 values for 2 blocks"),
        ({"tensors": {"unmoved": (0.0,) * 5}}, "unmoved has 5 values for 4 tensors"),
        ({"states": "sss"}, "states has 3 values for 4 tensors"),
        ({"lr": (0.1,)}, "lr has 1 values for 4 tensors"),
    ],
)
def test_a_column_with_another_length_than_the_structure_is_refused(
    changes: dict[str, Any], words: str
) -> None:
    fitting, sample = Fitting(), made_up.measured(10, STRUCTURE, **changes)
    fitting.check(sample)  # nothing is known about the model yet
    fitting.check(STRUCTURE)
    fitting.check(MEASURED)
    with pytest.raises(DoesNotFit, match=words):
        fitting.check(sample)
