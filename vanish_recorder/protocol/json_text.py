"""Reading JSON from files that may be damaged."""

import json
from typing import Any

DEEPEST = 64  # levels; no file of this program has ten


def parse(text: str | bytes) -> Any:
    """The value that a JSON text holds.

    Raises:
        ValueError: it is not JSON, or it is nested more deeply than any file of this program. So code that
            follows the value level by level cannot run out of stack.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _brackets(text) > DEEPEST and not _is_shallow(value, DEEPEST):
        raise ValueError("nested too deeply")
    return value


def is_unicode(text: bytes, value: Any) -> bool:
    """Whether all texts in a value can be written again, to any file and any terminal.

    JSON can hold one half of a surrogate pair, which has no encoding.

    Args:
        text: the JSON.
        value: what it holds.
    """
    if b"\\u" not in text and b"\xed" not in text:  # the only ways to write a surrogate
        return True
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _brackets(text: str | bytes) -> int:
    """How many brackets open: at least as many as there are levels, and counted faster."""
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def _is_shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in inside)
