"""The sentence about a value of an option that is not one."""

from tui_vanish.language import tr


def found(expected: str, text: str) -> str:
    """What was expected, and what was found instead."""
    from scenarios.problems import shortened

    return tr("{expected}, found {text}", expected=expected, text=repr(shortened(text)))
