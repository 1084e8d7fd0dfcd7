"""A lecture in each language, read from its file when it is first shown."""

from pathlib import Path

from scenarios.lecture import Lecture
from scenarios.lecture_files import COURSE, load_lecture


class Translations:
    """Reads a lecture once per language.

    Args:
        path: of its file.

    Raises:
        ScenarioError: it is not valid, when it is read.
    """

    def __init__(self, path: Path = COURSE) -> None:
        self._path = path
        self._read: dict[str, Lecture] = {}

    def get(self, language: str) -> Lecture:
        """The lecture in that language."""
        if language not in self._read:
            self._read[language] = load_lecture(self._path, language)
        return self._read[language]
