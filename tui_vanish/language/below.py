"""What the packages below say, in the user's language.

The engine, the scenarios and the recorder write English. Their sentences go into logs and JSON, which are the
same in every language, and they reach the screen from there, also from other processes and from older runs.
A sentence is recognised by its template, which is in the catalogue, and said with the same values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter

from tui_vanish.language.translation import SOURCE, catalogue, current

CONTEXT = "below"  # of these sentences in the catalogue
_PREFIX = f"{CONTEXT}\x04"
BEFORE = " :;,.("  # what a part may begin with that is set into a sentence
_LISTED = re.compile(r", | and ")
_WORDS = re.compile(r"[a-z]+ [a-z]")
_BETWEEN = ("; ", ": ", ". ", ", ")


def spoken(text: str) -> str:
    """A text of the packages below in the user's language; as it is if it is not known."""
    if current() == SOURCE:
        return text
    return "\n".join(_spoken(line, current()) for line in text.split("\n"))


@dataclass(frozen=True, slots=True)
class _Template:
    """A sentence with places for values.

    Attributes:
        literal: its longest part that is no value; a sentence without it is not of this template.
        expression: finds the values; it is compiled when a sentence may be of this template.
        translation: the sentence in the user's language.
        length: of all parts that are no values.
    """

    literal: str
    expression: str
    translation: str
    length: int


@lru_cache(maxsize=1024)
def _spoken(line: str, language: str) -> str:
    text = line.lstrip(BEFORE)
    before = line[: len(line) - len(text)]
    found = _said(text, language)
    if found is None and text[:1].isupper():
        # The first word may be a value, which the sentence has given a capital.
        found = _said(text[:1].lower() + text[1:], language)
        found = found and found[:1].upper() + found[1:]
    return line if found is None else before + found


def _said(text: str, language: str) -> str | None:
    whole = catalogue().pgettext(CONTEXT, text)
    if whole != text:
        return whole
    for template in _templates(language):
        if template.literal in text and (match := _pattern(template.expression).fullmatch(text)):
            values = {name: _spoken(value, language) for name, value in match.groupdict().items()}
            return template.translation.format(**values)
    return _listed(text, language) or _joined(text, language)


def _listed(text: str, language: str) -> str | None:
    """`layers 1-3 and the output layer`: a list whose parts are known, or are numbers."""
    if " and " not in text:
        return None
    parts = _LISTED.split(text)
    said = [_spoken(part, language) for part in parts]
    if any(new == part and _WORDS.search(part) for new, part in zip(said, parts, strict=True)):
        return None
    *before, last = said
    return catalogue().pgettext(CONTEXT, "{first} and {last}").format(first=", ".join(before), last=last)


def _joined(text: str, language: str) -> str | None:
    """Two parts with a mark between them, at least one of which is known."""
    for mark in _BETWEEN:
        first, found, rest = text.partition(mark)
        if found:
            said = _spoken(first, language) + mark + _spoken(rest, language)
            if said != text:
                return said
    return None


@cache
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)


@lru_cache(maxsize=2)
def _templates(language: str) -> tuple[_Template, ...]:
    """Those with values; the ones that say most come first, so that a general one does not hide them."""
    found = (_template(*each) for each in _with_values())
    return tuple(sorted(found, key=lambda template: -template.length))


def _with_values() -> Iterator[tuple[str, str]]:
    for key, translation in vars(catalogue())["_catalog"].items():
        message = key.removeprefix(_PREFIX) if isinstance(key, str) else ""
        if message and message != key and "{" in message and message != "{first} and {last}":
            yield message, translation


def _template(message: str, translation: str) -> _Template:
    pattern, literals, seen = "", [""], set[str]()
    for literal, name, _, _ in Formatter().parse(message):
        literals.append(literal)
        pattern += re.escape(literal)
        if name is not None:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.*?)"
            seen.add(name)
    return _Template(max(literals, key=len), pattern, translation, sum(map(len, literals)))
