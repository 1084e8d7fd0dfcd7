"""The scenarios in the list: from files, and from the editor, in memory until they are saved."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import scenarios
from scenarios import Entry
from tui_vanish.language import tr
from vanish_recorder.storage.private import for_the_user_alone, make_private_folder

if TYPE_CHECKING:
    from scenarios.branches import Branch
    from scenarios.schema import Scenario

SECTION = "Made here"
FOLLOW_SECONDS = 1.0  # how often the app looks whether a file has changed

_Stamps = dict[str, tuple[int, int, int]]


class Catalogue:
    """The list of scenarios, from files and from the editor.

    Args:
        user_dir: the folder of the user's scenario files; None if there is no such folder.

    Attributes:
        on_read: called when a scenario has been read that `read` did not have yet, and when files changed.
    """

    def __init__(self, user_dir: Path | None) -> None:
        self.user_dir = user_dir
        self._stamps = _stamps(user_dir)  # before the files are read, so that no change is missed
        self._follows = False
        self.entries: tuple[Entry, ...] = scenarios.entries(user_dir)
        self.on_read: Callable[[], None] = lambda: None
        self._made: dict[str, Scenario] = {}
        self._read: dict[str, Scenario | str] = {}
        self._reading: asyncio.Task[None] | None = None

    def load(self, entry: Entry) -> "Scenario":
        """The scenario of an entry, from memory or from its file.

        Raises:
            ScenarioError: the file is not valid; the error lists all problems.
            OSError: the file cannot be read.
        """
        return self._made.get(entry.id) or scenarios.load(entry.path)

    def staged(self, entries: Sequence[Entry]) -> "list[Scenario]":
        """Those of the scenarios that train in stages, as far as they can be read."""
        found: list[Scenario] = []
        for entry in entries:
            with suppress(scenarios.ScenarioError, OSError):  # starting a run reports what is wrong
                scenario = self.load(entry)
                found += [scenario] if scenario.stages else []
        return found

    def read(self, entry: Entry) -> "Scenario | str | None":
        """The scenario to show.

        Returns:
            The scenario, or the reason why it cannot be read, or None while it is being read; `on_read` is
            called afterwards.
        """
        if entry.id not in self._read:
            # Importing pydantic takes a tenth of a second, which would delay the first frame.
            if "pydantic" not in sys.modules:
                if self._reading is None:
                    self._reading = asyncio.create_task(self.read_later(entry))
                return None
            self._read_now(entry)
        return self._read[entry.id]

    async def read_later(self, entry: Entry) -> None:
        """Read a scenario in a thread."""
        await asyncio.to_thread(self._read_now, entry)
        self.on_read()

    def _read_now(self, entry: Entry) -> None:
        try:
            self._read[entry.id] = self.load(entry)
        except (scenarios.ScenarioError, OSError) as error:
            self._read[entry.id] = str(error)

    async def follow(self) -> None:
        """Read the user's files again if one of them has changed, is new, or is gone."""
        stamps = _stamps(self.user_dir)
        if self._follows or stamps == self._stamps:
            return
        self._follows = True
        try:
            found = await asyncio.to_thread(scenarios.entries, self.user_dir)
        finally:
            self._follows = False
        self._stamps = stamps
        listed = {entry.id for entry in found}
        for entry in (*self.entries, *found):
            if not entry.built_in:
                self._read.pop(entry.id, None)
        made = (entry for entry in self.entries if entry.id in self._made and entry.id not in listed)
        self.entries = (*found, *made)
        self.on_read()

    def is_unsaved(self, scenario_id: str) -> bool:
        """Whether the scenario is only in memory."""
        return scenario_id in self._made

    def keep(self, scenario: "Scenario") -> Entry:
        """Keep a scenario in memory, and list it; returns its entry."""
        self._made[scenario.id] = scenario
        path = Path(f"{scenario.id}.toml")
        return self._list(scenario, SECTION, path)

    def with_free_ids(self, variants: "Sequence[Branch]") -> "list[Branch]":
        """The variants, with other ids where those are listed already."""
        from scenarios.variants import free_id

        taken = {entry.id for entry in self.entries}
        named: list[Branch] = []
        for branch in variants:
            scenario = branch.scenario
            if scenario.id in taken:
                scenario = scenario.model_copy(update={"id": free_id(scenario.id, taken)})
            taken.add(scenario.id)
            named.append(replace(branch, scenario=scenario))
        return named

    def save(self, scenario: "Scenario") -> Entry:
        """Write a scenario's file, and list it; returns its entry.

        Raises:
            OSError: the file cannot be written, or it already exists.
        """
        if self.user_dir is None:
            raise FileNotFoundError(tr("there is no folder for your own scenarios"))
        path = save(scenario, self.user_dir)
        self._made.pop(scenario.id, None)
        return self._list(scenario, scenario.section, path)

    def _list(self, scenario: "Scenario", section: str, path: Path) -> Entry:
        """Add a scenario to the list; it replaces an entry with the same id."""
        entry = Entry(scenario.id, scenario.title, section, path, built_in=False, of_slides=False)
        self._read.pop(entry.id, None)
        self.entries = (*(each for each in self.entries if each.id != entry.id), entry)
        return entry


def save(scenario: "Scenario", folder: Path) -> Path:
    """Write the scenario's file into `folder`, which is created if necessary.

    Raises:
        FileExistsError: the file exists.
        OSError: it cannot be written.
    """
    from scenarios.variants import file_text

    make_private_folder(folder)
    path = folder / f"{scenario.id}.toml"
    with open(path, "x", encoding="utf-8", opener=for_the_user_alone) as file:
        file.write(file_text(scenario))
    return path


def _stamps(folder: Path | None) -> _Stamps:
    """What changes when a file in the folder is written: by name, its time, its size and its inode."""
    found: _Stamps = {}
    try:
        with os.scandir(folder) if folder is not None else nullcontext(()) as files:
            for file in files:
                if file.name.endswith(".toml"):
                    with suppress(OSError):  # a link to nothing is in the list, too
                        found[file.name] = (0, 0, 0)
                        status = file.stat()
                        found[file.name] = (status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError:
        pass
    return found
