"""The run's description (`run.json`) and its log of events (`events.jsonl`)."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.protocol.spec import NotARunSpec, RunSpec
from engine.storage.checksum import ALGORITHM, Checksum, identity_of
from engine.storage.log_reader import LogReader, iterate_events
from engine.storage.origin import Origin, to_record
from engine.storage.recorded import run_name
from vanish_recorder.protocol.event import SCHEMA, Record
from vanish_recorder.protocol.events import RunEvent, RunStarted
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.protocol.values import LARGEST_INTEGER, is_a
from vanish_recorder.storage.guarded import read_guarded
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS, LogFile
from vanish_recorder.storage.watched_description import WATCHED

_PLAIN = Checksum()


class NotARun(Exception):
    """A folder is not a run that this version can read. The text says why."""


class Newer(NotARun):
    """A newer version wrote a file of the run."""


@dataclass(frozen=True, slots=True)
class Description:
    """The content of `run.json`.

    Attributes:
        run: name of the run and of its folder.
        seed: of all its randomness; None of a watched run, whose script has its own.
        spec: what it trains.
        origin: what it began with; None if an earlier version began the run.
        checksum: of its checkpoints.
    """

    run: str
    seed: int | None
    spec: RunSpec
    origin: Origin | None
    checksum: Checksum


def read_description(folder: Path) -> Description:
    """Read the description of the run in `folder`.

    Raises:
        NotARun: the folder is not a run, it is damaged, or a newer version wrote it.
    """
    try:
        record = parse(read_guarded(folder / DESCRIPTION))
    except FileNotFoundError:
        raise NotARun(f"not a run: {DESCRIPTION} is missing") from None
    except NotADirectoryError:
        raise NotARun("not a run: it is a file") from None
    except OSError as error:
        raise NotARun(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotARun(f"damaged: {DESCRIPTION} is not JSON") from None
    refuse_newer(record)
    try:
        if record.get("kind") == WATCHED:
            return Description(run_name(folder), None, RunSpec.of_watched(record[WATCHED]), None, _PLAIN)
        spec, seed = RunSpec.of(record["scenario"]), record["seed"]
        if not is_a(seed, int) or isinstance(seed, bool):
            raise TypeError("the seed is not a whole number")
        checksum = Checksum(identity_of(record), required=record.get("checkpoints") == ALGORITHM)
        return Description(run_name(folder), seed, spec, Origin.from_record(record), checksum)
    except (KeyError, TypeError, ValueError):
        raise NotARun(f"damaged: {DESCRIPTION} does not describe a run") from None


def refuse_newer(record: object) -> None:
    """Check the `schema` of a file in a run directory.

    Raises:
        Newer: this version does not know the schema.
        NotARun: there is none.
    """
    schema = record.get("schema") if isinstance(record, dict) else None
    if type(schema) is int and SCHEMA < schema < LARGEST_INTEGER:
        raise Newer(f"written by a newer version (schema {schema}, here {SCHEMA}): update vanish-tui")
    if schema != SCHEMA:
        raise NotARun("damaged: it has no schema")


class RunLog(LogFile):
    """Writes the log of a run that trains a scenario.

    Args:
        folder: of the run. It must not exist yet, and is created for the user alone.
        scenario: complete, with its `id`.
        seed: of all randomness.
        origin: data, device and threads that the run begins with.

    Raises:
        FileExistsError: the folder exists already.
    """

    checksum: Checksum

    def __init__(self, folder: Path, scenario: Record, seed: int, origin: Origin) -> None:
        description = {
            "schema": SCHEMA,
            "run": folder.name,
            "seed": seed,
            **to_record(origin),
            "checkpoints": ALGORITHM,
            "scenario": scenario,
        }
        self.checksum = Checksum(identity_of(description), required=True)
        # A file name may contain bytes that are not UTF-8. They are kept as JSON escapes.
        text = json.dumps(description, ensure_ascii=False, indent=1)
        super().__init__(folder, text.encode(errors="backslashreplace"))

    @classmethod
    def reopen(cls, folder: Path, size: int, checksum: Checksum = _PLAIN) -> Self:
        """Open an existing log for writing, and truncate it to `size` bytes.

        Args:
            folder: of the run.
            size: of the log.
            checksum: of the run's checkpoints.

        Raises:
            OSError: it cannot be written.
        """
        log = super().reopen(folder, size)
        log.checksum = checksum
        return log


def read_events(path: Path) -> list[RunEvent]:
    """The events of an undamaged log; see iterate_events.

    Raises:
        OSError: it cannot be read.
        ValueError: a line is damaged.
    """
    reader = LogReader()
    events = list(iterate_events(path, reader))
    if reader.damage.lines:
        raise ValueError(f"{path}: {reader.damage}")
    return events


def contradiction(what: Description, started: RunStarted) -> str:
    """What a run's description and the first line of its log disagree about; empty if nothing."""
    if started.seed != what.seed:
        return "seed"
    if what.origin is not None:
        sizes = (started.data.get("train"), started.data.get("test"))
        if sizes != (what.origin.train, what.origin.test):
            return "number of images"
        if started.device == what.origin.device == "cpu" and started.threads != what.origin.threads:
            return "number of threads"
    if started.scenario == what.spec.record:
        return ""
    with suppress(NotARunSpec):  # the log's is damaged, or of an earlier version
        # As scenarios, because another version may have written a setting that has its usual value.
        if RunSpec.of(started.scenario).scenario() != what.spec.scenario():
            return "scenario"
    return ""


def contradicts(differing: str) -> str:
    """The sentence about a contradiction."""
    return f"{DESCRIPTION} and {EVENTS} name a different {differing}: put back the file that was changed"
