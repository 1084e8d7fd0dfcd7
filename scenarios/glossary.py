"""What the words and signs of the screen mean, for a newcomer: `glossary.toml`."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scenarios.languages import SOURCE, translation

_FILE = Path(__file__).parent / "glossary.toml"


@dataclass(frozen=True, slots=True)
class Glossary:
    """Meanings by word, in the order of the page.

    Attributes:
        verdicts: by the verdict's kind.
        marks: by the sign as it is drawn.
        words: by the word.
    """

    verdicts: Mapping[str, str]
    marks: Mapping[str, str]
    words: Mapping[str, str]


@functools.cache
def glossary(language: str = SOURCE) -> Glossary:
    """The glossary, read once."""
    texts = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    for name, section in translation("", "glossary", language).items():
        texts[name] |= section
    return Glossary(**texts)
