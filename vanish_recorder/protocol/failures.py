"""An exception in words, for a sentence about what it prevented."""

_LONGEST = 300  # characters


def reason_of(error: BaseException) -> str:
    """Why something failed, in one line, without the name of a class if it can be avoided.

    Args:
        error: of the system, of torch, or of this program.
    """
    if is_about_memory(error):
        return "there is not enough memory"
    text = " ".join(str(error).split())
    if isinstance(error, OSError):
        text = error.strerror or text
    elif type(error).__module__ == "builtins" or not text:  # its text alone would be a riddle
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def is_about_memory(error: BaseException) -> bool:
    """Whether memory has run out: Python's, or that of a device. Torch raises a RuntimeError for both."""
    text = str(error)
    return isinstance(error, MemoryError) or "allocate memory" in text or "out of memory" in text
