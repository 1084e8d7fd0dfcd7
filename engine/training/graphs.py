"""Steps that are captured once and replayed: one launch on a GPU instead of some hundred (CUDA graphs).

A graph holds addresses, shapes and numbers. So a step is captured again when another layer is frozen, a stage
begins or the learning rate changes; a measured step and a shorter batch are not captured at all. What would
need another number in each step (rules that count steps in Python, schedules, dropout) trains as always, and
so do normalisations and 16 bits, for which it is not proved.

It is off, and only `make gpu` measures it: whether it is faster, and has the same bits, is not known yet.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.training.optimizers import SGD
from engine.training.passes import Pass
from engine.training.trainer import Trainer
from scenarios.schema import Mlp

Replay = Callable[[], None]
Record = Callable[[Callable[[], None]], Replay]


def record_on_cuda(work: Callable[[], None]) -> Replay:
    """Capture the launches of `work` without running them; the result launches all of them at once."""
    graph = torch.cuda.CUDAGraph()
    # Other threads may launch what they like meanwhile: the saver's copies, the steps of other runs.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        work()
    return graph.replay


class GraphTrainer(Trainer):
    """A trainer whose unmeasured steps are replayed where that is possible.

    Attributes:
        record: captures what is computed; tests replace it.
        captures: how many steps were captured.
        replays: how many were replayed.
    """

    record: Record = staticmethod(record_on_cuda)
    captures = replays = 0
    _key: tuple[Any, ...] = ()
    _replay: Callable[[Tensor, Tensor], Pass] | None = None

    def _train_on(self, images: Tensor, labels: Tensor, *, measured: bool) -> Pass:
        if measured or len(images) < self.scenario.data.batch_size or not self._can_be_captured():
            return super()._train_on(images, labels, measured=measured)
        key = (self.network, self._at.frozen, self.optimizer.lr)
        if key != self._key:  # the first step of a kind makes what the rule keeps, such as a velocity
            self._key, self._replay = key, None
            return super()._train_on(images, labels, measured=False)
        if self._replay is None:
            self._replay = self._capture(images, labels)
        self.replays += 1
        return self._replay(images, labels)

    def _can_be_captured(self) -> bool:
        model, training = self.scenario.model, self.scenario.training
        return (
            type(self.optimizer) is SGD
            and self.optimizer.loss_scale is None
            and isinstance(model, Mlp)
            and model.norm == "none"
            and not model.dropout
            and training.precision == "fp32"
            and not training.warmup_steps
            and training.cosine_to is None
        )

    def _capture(self, images: Tensor, labels: Tensor) -> Callable[[Tensor, Tensor], Pass]:
        """Capture a step on tensors that each batch is copied into."""
        own_images, own_labels = images.clone(), labels.clone()
        step, made = super()._train_on, list[Pass]()
        launch = self.record(lambda: made.append(step(own_images, own_labels, measured=False)))
        (done,) = made
        self.captures += 1

        def replay(images: Tensor, labels: Tensor) -> Pass:
            own_images.copy_(images)
            own_labels.copy_(labels)
            launch()
            # The next replay writes over them, and the tally keeps those of ten steps.
            return Pass(done.loss.clone(), done.logits.clone(), None, None)

        return replay
