"""Sentences in the user's language, by gettext.

A sentence is translated whole, and its values are named in braces: `tr("Saved as {path}", path=path)`.
`make messages` collects the sentences into the catalogue `vi.po`.
"""

import gettext
from types import MappingProxyType
from typing import Any

from tui_vanish.language.catalogue import load

# The languages by their code, as their speakers call them.
LANGUAGES = MappingProxyType({"en": "English", "vi": "Tiếng Việt"})
SOURCE = "en"  # the language of the sentences in the code

_language = SOURCE
_catalogue = gettext.NullTranslations()


def use(language: str) -> None:
    """Translate into this language from now on; nothing that is on the screen changes by itself."""
    global _language, _catalogue
    _catalogue = gettext.NullTranslations() if language == SOURCE else load(language)
    _language = language


def current() -> str:
    """The code of the language in use."""
    return _language


def next_language() -> tuple[str, str]:
    """The code of the language after the one in use, and what its speakers call it."""
    codes = list(LANGUAGES)
    code = codes[(codes.index(_language) + 1) % len(codes)]
    return code, LANGUAGES[code]


def catalogue() -> gettext.NullTranslations:
    """The sentences of the language in use."""
    return _catalogue


def tr(message: str, /, **values: Any) -> str:
    """The message in the user's language, with its values."""
    return _filled(_catalogue.gettext(message) if message else "", values)


def tr_in(context: str, message: str, /, **values: Any) -> str:
    """A message whose translation depends on where it is shown, such as a single word in a table."""
    return _filled(_catalogue.pgettext(context, message) if message else "", values)


def plural(one: str, several: str, number: int, /, **values: Any) -> str:
    """The form of the message for this number, which it may name as `{number}`."""
    return _filled(_catalogue.ngettext(one, several, number), {"number": number, **values})


def paragraph(text: str) -> str:
    """A text of several lines in the user's language, as one line."""
    return tr(" ".join(text.split()))


def marked(message: str) -> str:
    """The message itself: it is collected for the catalogue here, and translated where it is shown."""
    return message


def marked_in(context: str, message: str) -> str:
    """The message itself, like `marked`; it is translated with `tr_in` and the same context."""
    return message


def _filled(text: str, values: dict[str, Any]) -> str:
    return text.format(**values) if values else text
