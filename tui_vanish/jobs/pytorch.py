"""Whether PyTorch is installed. Only training needs it: recorded runs, reports and exports do without."""

from engine.devices import NO_TORCH, has_torch
from tui_vanish.jobs.exits import FailedError
from tui_vanish.language.below import spoken


def require_torch() -> None:
    """Check that PyTorch can be found, without importing it, which takes seconds.

    Raises:
        FailedError: it is not installed. The text says what to install.
    """
    if reason := why_no_training():
        raise FailedError(reason)


def why_no_training() -> str:
    """What is missing to train; empty if nothing is."""
    return "" if has_torch() else spoken(NO_TORCH)
