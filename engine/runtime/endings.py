"""How a run ends: the last event of a failed run, and the notice about any end."""

from typing import TYPE_CHECKING

from engine.data.idx import DataError
from engine.gpu_trouble import in_words, who_holds
from engine.protocol.spec import NotARunSpec, RunSpec
from engine.runtime.saved import CannotResume
from engine.storage.run_log import NotARun
from engine.tracking.snapshot import Snapshot
from vanish_recorder.protocol.events import OUT_OF_BUDGET, RunFinished
from vanish_recorder.protocol.failures import is_about_memory
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.runtime.state import Severity


def reason_of(error: Exception) -> str:
    """Why a run failed, in one sentence. A text that is not a sentence of ours gets the kind of error."""
    if (sentence := who_holds(error) or in_words(error)) is not None:
        return sentence
    if is_about_memory(error):
        return "there is not enough memory: resume the run when there is more"
    ours = isinstance(error, CannotResume | DataError | NotARun | NotARunSpec)
    return str(error) if ours else f"{type(error).__name__}: {error}"


def failure(seen: Snapshot, error: str, trace: str | None = None) -> RunFinished:
    """The last event of a run that failed.

    Args:
        seen: the run before it failed.
        error: the reason in one sentence.
        trace: the traceback, if there is one.
    """
    last = seen.last_epoch
    return RunFinished(
        run=seen.run,
        step=seen.step,
        epoch=seen.epoch,
        stage=seen.stage,
        time=seen.time,
        status=Status.FAILED,
        epochs=seen.epoch,
        steps=seen.step,
        test_loss=last.test_loss if last else None,
        test_accuracy=last.test_accuracy if last else None,
        best_test_accuracy=seen.best_test_accuracy,
        seconds=seen.time,
        weights_sha256=None,
        error=error,
        traceback=trace,
    )


def not_begun(run: str, error: str) -> RunFinished:
    """The only event of a run that could not be begun, such as a damaged one that cannot be resumed.

    Args:
        run: the run's name.
        error: the reason in one sentence.
    """
    return failure(Snapshot(0, run, Status.FAILED, RunSpec(id=""), 0), error)


def end_notice(scenario: str, event: RunFinished) -> "tuple[Severity, str]":
    """The notice about the end of a run: its severity and text.

    Args:
        scenario: id of the scenario.
        event: the run's last.
    """
    match event.status:
        case Status.DIVERGED:
            names = ", ".join(event.nonfinite or ())
            return "error", f"{scenario} diverged at step {event.first_bad_step}: not finite in {names}"
        case Status.FAILED:
            return "error", f"{scenario} failed: {event.error}"
        case status:
            accuracy = event.test_accuracy
            result = "" if accuracy is None else f", test accuracy {100 * accuracy:.1f} %"
            words = "has used its budget and is saved" if event.reason == OUT_OF_BUDGET else str(status)
            return "information", f"{scenario} {words}{result}"
