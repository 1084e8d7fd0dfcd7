"""Reading JSON from files that may be damaged."""

import json
from typing import Any


def parse(text: str | bytes) -> Any:
    """The value that a JSON text holds.

    Raises:
        ValueError: it is not JSON, or it is nested more deeply than Python can follow.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
