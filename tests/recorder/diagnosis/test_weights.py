"""The rules about the steps of tensors, on made-up columns."""

from dataclasses import replace

from tests.recorder.diagnosis.made_up import Run, kinds, only, structure, with_tensors
from vanish_recorder.protocol.structure import OptimizerSpec


def test_weights_that_a_type_rounds_away_cannot_move() -> None:
    found = structure(norms=True, dtype="bfloat16", eps=1e-8)
    run = Run(found)
    unmoved = [0.9 if spec.role == "matrix" else 1.0 for spec in found.tensors]
    said = run.repeat(with_tensors(run.healthy(), {"unmoved": unmoved}), 5)
    verdict = only(said, "immovable")
    assert verdict.evidence["matrices"] == 16
    assert verdict.evidence["norm_weights"] == 16
    assert "90 % of the weights unchanged to the bit, because bfloat16 rounds" in verdict.text
    assert "float32" in verdict.cure
    norms = Run(found)
    unmoved = [1.0 if spec.role == "norm" else 0.3 for spec in found.tensors]
    said = norms.repeat(with_tensors(norms.healthy(), {"unmoved": unmoved}), 5)
    assert only(said, "immovable").text.startswith("16 of 16 parameters of normalisations do not move")


def test_biases_are_not_judged() -> None:
    found = structure(norms=True)
    run = Run(found)
    unmoved = [1.0 if spec.role == "bias" else 0.0 for spec in found.tensors]
    assert run.repeat(with_tensors(run.healthy(), {"unmoved": unmoved}), 20) == []


def test_a_learning_rate_of_0_is_said_if_it_lasts() -> None:
    found = structure()
    run = Run(found)
    zero = replace(run.healthy(), lr=(0.0,) * len(found.tensors))
    assert run.follow(zero) + run.repeat(run.healthy(), 10) == []  # the first step of a warm-up
    assert only(run.repeat(zero, 6), "immovable").text == "No matrix moves, because the learning rate is 0."


def test_a_gradient_of_exactly_0_is_said_unless_the_first_step_has_it() -> None:
    """LoRA's A has none before B has left 0."""
    found = structure()
    run = Run(found)
    norms = [0.0] + [0.1] * (len(found.tensors) - 1)
    none = with_tensors(run.healthy(), {"grad_norm": norms, "unmoved": [None, *[0.0] * (len(norms) - 1)]})
    assert run.follow(none) + run.repeat(run.healthy(), 10) == []
    verdict = only(run.repeat(none, 5), "immovable")
    assert (verdict.layer, verdict.evidence["matrices"]) == ("h.0", 1)


def test_matrices_that_do_not_train_are_told_without_a_fault() -> None:
    found = structure(blocks=3)
    run = Run(found)
    said = run.repeat(replace(run.healthy(), states="ffussoss"[:6]), 5)
    verdict = only(said, "frozen")
    assert kinds(said) == ["frozen"]
    assert verdict.text == (
        "2 of 3 matrices do not train: 1 frozen (requires_grad is False), 1 without a gradient."
    )


def test_a_gradient_below_adam_s_eps_is_said_if_it_is_known_whose() -> None:
    found = structure(eps=1e-8)
    run = Run(found)
    rms = [1e-11, *[0.01] * (len(found.tensors) - 1)]
    small = with_tensors(run.healthy(), {"grad_rms": rms})
    verdict = only(run.repeat(small, 5), "below_eps")
    assert verdict.layer == "h.0"
    assert "1e-11 on average, below Adam's eps of 1e-8" in verdict.text
    without = Run(structure())
    assert without.repeat(small, 20) == []
    mixed = Run(replace(found, optimizers=(*found.optimizers, OptimizerSpec(name="SGD", tensors=1))))
    assert mixed.repeat(small, 20) == []


def test_a_tensor_whose_optimizer_did_not_step_is_not_judged() -> None:
    """Two optimizers that step in turn."""
    found = structure(blocks=2)
    run = Run(found)
    still = with_tensors(run.healthy(), {"unmoved": [1.0] * 4})
    for states in ("wwss", "ssww") * 6:
        run.follow(replace(still, states=states))
    assert run.said == []


def test_a_group_whose_rate_is_0_for_long_does_not_train() -> None:
    found = structure(blocks=2)
    run = Run(found)
    zero = replace(run.healthy(), lr=(0.0, 0.0, 0.1, 0.1))
    run.repeat(run.healthy(), 5)
    assert run.follow(zero) + run.repeat(run.healthy(), 5) == []
    assert (
        only(run.repeat(zero, 6), "frozen").text
        == "1 of 2 matrices do not train: 1 with a learning rate of 0."
    )


def test_underflow_is_told_with_and_without_a_scale() -> None:
    found = structure(dtype="float16")
    run = Run(found)
    lost = with_tensors(run.healthy(), {"underflow": [0.97] * len(found.tensors)})
    assert "GradScaler" in only(run.repeat(lost, 5), "underflow").cure
    scaled = Run(found)
    assert "loss scale of 128" in only(scaled.repeat(replace(lost, scale=128.0), 5), "underflow").text
    rectified = Run(found)
    half = with_tensors(run.healthy(), {"underflow": [0.75] * len(found.tensors)})
    assert rectified.repeat(half, 20) == []


def test_the_first_skips_are_how_a_scale_is_found() -> None:
    run = Run(structure())
    scale, skipped = 65536.0, 0
    for _ in range(8):
        scale, skipped = scale / 2, skipped + 1
        assert run.follow(replace(run.healthy(), scale=scale, skipped=skipped, states="k" * 32)) == []
    assert run.repeat(replace(run.healthy(), scale=scale, skipped=skipped), 30) == []


def test_a_scale_that_keeps_falling_is_a_verdict() -> None:
    run = Run(structure())
    for number in range(1, 30):
        run.follow(replace(run.healthy(), scale=65536.0 / 2**number, skipped=number, states="k" * 32))
    assert kinds(run.said) == ["skipped_steps", "-skipped_steps", "skipped_steps"]
    assert run.said[0].text.startswith("25 % of the latest steps were skipped")
    assert run.said[-1].text.startswith("The loss scale fell from 3.277e+04 to ")


def test_steps_that_are_skipped_again_and_again_are_a_verdict() -> None:
    run = Run(structure())
    run.repeat(replace(run.healthy(), scale=512.0), 15)
    for number in range(1, 15):
        run.follow(replace(run.healthy(), scale=512.0, skipped=4 * number))
    assert "% of the latest steps were skipped" in only(run.said, "skipped_steps").text
