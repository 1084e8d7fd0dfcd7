"""The texts of the theory pages, one TOML file per page, in the order of `contents.toml`."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.languages import SOURCE, translation

BEYOND = "beyond the slides"

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PageText:
    """The texts of one theory page.

    Attributes:
        id: the file's name.
        title: a few words.
        slides: titles of the slides that the page covers, as printed on them; none if it goes beyond them.
        explains: ids of the scenarios that the page explains.
        words: texts by name; the page replaces braces with its numbers.
        lines: texts that are lists of lines, such as an algorithm, by name.
        tables: other data that the page needs, by name.
    """

    id: str
    title: str
    slides: tuple[str, ...]
    explains: tuple[str, ...]
    words: Mapping[str, str]
    lines: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, tuple[Mapping[str, Any], ...]]


@functools.cache
def page_ids() -> tuple[str, ...]:
    """Every page, in the order of the slides; then those that go beyond them."""
    contents = tomllib.loads((_FOLDER / "contents.toml").read_text(encoding="utf-8"))
    return tuple(contents["pages"])


@functools.cache
def page_text(page_id: str, language: str = SOURCE) -> PageText:
    """The texts of one page; titles of slides are always as they are printed on the slides."""
    table = tomllib.loads((_FOLDER / f"{page_id}.toml").read_text(encoding="utf-8"))
    _translate(table, translation("theory", page_id, language))
    return PageText(
        id=page_id,
        title=table["title"],
        slides=tuple(table["slides"]),
        explains=tuple(table["explains"]),
        words={name: " ".join(text.split()) for name, text in table.get("words", {}).items()},
        lines={name: tuple(lines) for name, lines in table.get("lines", {}).items()},
        tables={name: tuple(rows) for name, rows in table.get("tables", {}).items()},
    )


def _translate(table: dict[str, Any], texts: Mapping[str, Any]) -> None:
    """Replace the texts of a page by their translations; a row of a table keeps the texts that have none."""
    table["title"] = texts.get("title", table["title"])
    for kind in ("words", "lines"):
        table.setdefault(kind, {}).update(texts.get(kind, {}))
    for name, rows in texts.get("tables", {}).items():
        for row, translated in zip(table["tables"][name], rows, strict=True):
            row.update(translated)


def page_for(scenario_id: str) -> str | None:
    """The page that explains a scenario, or the scenario of which it is a variant (`relu-2` of `relu`).

    None if there is no such page, as for the user's own scenarios.
    """
    for wanted in (scenario_id, scenario_id.rpartition("-")[0]):
        if page := next((name for name in page_ids() if wanted in page_text(name).explains), None):
            return page
    return None
