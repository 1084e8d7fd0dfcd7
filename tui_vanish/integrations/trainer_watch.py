"""The callback for the Trainer of Hugging Face."""

from typing import TYPE_CHECKING, Any, Unpack

from transformers import TrainerCallback

from tui_vanish.integrations.training import Options, Training

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

_MEASURED = {"loss", "learning_rate", "epoch"}  # by the recorder itself, at each sample
_SPEEDS = ("_runtime", "_per_second")


class TrainerWatch(TrainerCallback):  # type: ignore[misc]  # it may be missing where types are checked
    """Records each `trainer.train()`: `Trainer(..., callbacks=[TrainerWatch()])`.

    It takes the options of `watch`. What the trainer logs is recorded too.
    `s` in the app sets `control.should_training_stop`.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        self._training = Training(options)
        self._ends_epoch = False

    def on_train_begin(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any
    ) -> None:
        """Begin to record. A checkpoint has been loaded by now."""
        self._ends_epoch = False
        self._training.begin(
            kwargs["model"],
            kwargs.get("optimizer"),
            config=args.to_sanitized_dict(),
            adds_losses=args.gradient_accumulation_steps > 1,
            has_steps_behind_it=state.global_step > 0,
        )

    def on_step_begin(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any
    ) -> None:
        """Log what was evaluated since the step before."""
        self._training.continue_epoch()

    def on_step_end(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any
    ) -> None:
        """Stop if the user has asked for it in the app."""
        if self._training.lab.should_stop:
            control.should_training_stop = True

    def on_log(
        self,
        args: "TrainingArguments",
        state: "TrainerState",
        control: "TrainerControl",
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Log what the trainer logs, with the next step that is measured."""
        self._training.log(
            {
                name: value
                for name, value in (logs or {}).items()
                if name not in _MEASURED and not name.startswith("eval_")
            }
        )

    def on_evaluate(
        self,
        args: "TrainingArguments",
        state: "TrainerState",
        control: "TrainerControl",
        metrics: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep the numbers of an evaluation."""
        self._training.evaluated(
            {
                name: value
                for name, value in (metrics or {}).items()
                if name != "epoch" and not name.endswith(_SPEEDS)
            }
        )

    def on_epoch_begin(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any
    ) -> None:
        """End the epoch before."""
        self._end_epoch()

    def on_epoch_end(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any
    ) -> None:
        """The trainer evaluates after this, so the epoch ends later."""
        self._ends_epoch = True

    def on_train_end(
        self, args: "TrainingArguments", state: "TrainerState", control: "TrainerControl", **kwargs: Any
    ) -> None:
        """End the last epoch and the run."""
        self._end_epoch()
        self._training.end()

    def _end_epoch(self) -> None:
        if self._ends_epoch:
            self._ends_epoch = False
            self._training.end_epoch()
