"""Text as it is searched: without capitals and marks, so that `do sau` finds `độ sâu`."""

import unicodedata

_NO_MARKS = str.maketrans({"đ": "d"})  # a letter of its own, not a d with a mark


def folded(text: str) -> str:
    """The text in small letters without marks."""
    small = text.casefold()
    if small.isascii():
        return small
    parts = unicodedata.normalize("NFD", small)
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(_NO_MARKS)
