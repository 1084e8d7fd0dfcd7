"""Turns the engine's notices into toasts; many notices become a single toast."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from engine.runtime.state import Notice
from tui_vanish.language import tr

if TYPE_CHECKING:
    from engine.runtime.state import Severity

_MOST = 3  # toasts of one severity at a time; more would cover half of a small screen


def toasts(notices: Sequence[Notice]) -> "Iterator[tuple[str, Severity]]":
    """(text, severity) of each toast: one per notice, or one for all if there are too many."""
    for severity, group in groupby(sorted(notices, key=lambda notice: notice.severity), lambda n: n.severity):
        texts = [notice.text for notice in group]
        if len(texts) > _MOST:
            more = len(texts) - _MOST + 1
            texts = ["\n".join((*texts[: _MOST - 1], tr("and {more} more", more=more)))]
        for text in texts:
            yield text, severity
