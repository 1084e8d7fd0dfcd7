"""The languages of the app. Sentences in code are translated here; prose has its translation beside it."""

from tui_vanish.language.translation import (
    LANGUAGES,
    current,
    marked,
    marked_in,
    paragraph,
    plural,
    tr,
    tr_in,
    use,
)

__all__ = ["LANGUAGES", "current", "marked", "marked_in", "paragraph", "plural", "tr", "tr_in", "use"]
