"""The callback for Lightning."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Unpack

from tui_vanish.integrations.training import Options, Training

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
else:
    # Lightning has two packages, and the callback must be of the one that the script uses.
    _NAMES = ["lightning.pytorch", "pytorch_lightning"]
    if _NAMES[1] in sys.modules and _NAMES[0] not in sys.modules:
        _NAMES.reverse()
    try:
        Callback = import_module(_NAMES[0]).Callback
    except ModuleNotFoundError as _error:
        if (_error.name or "").partition(".")[0] != _NAMES[0].partition(".")[0]:
            raise
        Callback = import_module(_NAMES[1]).Callback


class LightningWatch(Callback):  # type: ignore[misc]  # Lightning may be missing where types are checked
    """Records each `trainer.fit`: `Trainer(callbacks=[LightningWatch()])`.

    It takes the options of `watch`. What the module logs is recorded too.
    `s` in the app sets `trainer.should_stop`.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        super().__init__()
        self._training = Training(options)
        self._validated: set[str] = set()  # the names of metrics that validations log
        self._before_validation: set[str] = set()

    def on_train_start(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Begin to record. A checkpoint has been loaded by now."""
        self._validated = set()
        self._training.begin(
            pl_module,
            trainer.optimizers,
            config=dict(pl_module.hparams),
            adds_losses=trainer.accumulate_grad_batches > 1,
            has_steps_behind_it=trainer.global_step > 0,
        )

    def on_train_batch_start(
        self, trainer: "Trainer", pl_module: "LightningModule", batch: Any, batch_idx: int
    ) -> None:
        """Log what was validated since the batch before."""
        self._training.continue_epoch()

    def on_before_optimizer_step(
        self, trainer: "Trainer", pl_module: "LightningModule", optimizer: Any
    ) -> None:
        """Log the metrics of this step, before it is made."""
        metrics = trainer.logged_metrics
        self._training.log({name: each for name, each in metrics.items() if name not in self._validated})

    def on_train_batch_end(
        self, trainer: "Trainer", pl_module: "LightningModule", outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop if the user has asked for it in the app."""
        if self._training.lab.should_stop:
            trainer.should_stop = True

    def on_validation_start(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Remember the metrics of the training."""
        self._before_validation = set(trainer.logged_metrics)

    def on_validation_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """Keep the metrics that a validation logged."""
        metrics = trainer.logged_metrics
        self._validated |= set(metrics) - self._before_validation
        self._training.evaluated({name: each for name, each in metrics.items() if name in self._validated})

    def on_train_epoch_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """End the epoch with the metrics of training and validation."""
        self._training.end_epoch(trainer.callback_metrics)

    def on_train_end(self, trainer: "Trainer", pl_module: "LightningModule") -> None:
        """End the run."""
        self._training.end()

    def on_exception(
        self, trainer: "Trainer", pl_module: "LightningModule", exception: BaseException
    ) -> None:
        """End the run with the exception that ended the training."""
        self._training.end(exception)
