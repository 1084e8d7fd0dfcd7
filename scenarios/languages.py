"""The prose of the catalogue in other languages: beside each file, in a folder with the language's code.

`catalogue/depth-7.toml` is English, and `catalogue/vi/depth-7.toml` has its texts in Vietnamese. What decides
the numbers is only in the first. A user's own files have one language.
"""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.index import built_in

SOURCE = "en"  # the language of the files themselves

_FOLDER = Path(__file__).parent


def scenario_prose(scenario_id: str, language: str) -> Mapping[str, str]:
    """The title, question, watch_for and lesson of a built-in scenario; empty in the language of its file."""
    return _prose("catalogue", scenario_id, language) if scenario_id in built_in() else {}


def sweep_prose(name: str, language: str) -> Mapping[str, str]:
    """The title and question of a built-in sweep; empty in the language of its file."""
    return _prose("sweeps", name, language) if "/" not in name else {}


def section_title(title: str, language: str) -> str:
    """The heading of a section of the catalogue; one that is unknown, as in a user's file, stays as it is."""
    sections: Mapping[str, str] = translation("", "contents", language).get("sections", {})
    return sections.get(title, title)


def _prose(folder: str, name: str, language: str) -> Mapping[str, str]:
    texts = translation(folder, name, language)
    return {key: " ".join(text.split()) for key, text in texts.items()}


@functools.cache
def translation(folder: str, name: str, language: str) -> Mapping[str, Any]:
    """The texts of a file in this language; empty if it has none."""
    path = _FOLDER / folder / language / f"{name}.toml"
    try:
        return {} if language == SOURCE else tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
