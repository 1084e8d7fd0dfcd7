"""Whether PyTorch is installed. Only training needs it: recorded runs, reports and exports do without."""

from importlib.util import find_spec

from tui_vanish.jobs.exits import FailedError
from tui_vanish.language import tr


def require_torch() -> None:
    """Check that PyTorch can be found, without importing it, which takes seconds.

    Raises:
        FailedError: it is not installed. The text says what to install.
    """
    if find_spec("torch") is None:
        raise FailedError(tr("training needs PyTorch, which is not installed: pip install torch torchvision"))
