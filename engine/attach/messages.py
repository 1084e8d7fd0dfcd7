"""What an app and its training processes, one for each GPU, tell each other: pickled objects in a pipe.

Both ends are the same program of the same version, so the objects are those that the engine has.
"""

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from engine.measure.inspection import LayerView
    from engine.runtime.state import Notice, Settings
    from engine.tracking.snapshot import RunView
    from vanish_recorder.protocol.events import RunEvent


@dataclass(frozen=True, slots=True)
class Begin:
    """The first message to a process.

    Attributes:
        settings: of its engine.
        place: of the process in the shared memory of the lockstep.
        memory: the file of that memory.
        command: the words of the command line, which are written into each run.
    """

    settings: "Settings"
    place: int
    memory: int
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForgetRun:
    """As the command Forget; the answer is a message."""

    run: str


@dataclass(frozen=True, slots=True)
class ViewSent:
    """The state of a run, to which its events are applied from now on."""

    run: str
    view: "RunView"


@dataclass(frozen=True, slots=True)
class EventSent:
    """An event of a run."""

    event: "RunEvent"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The answer to ForgetRun: why the run could not be saved; empty if it is."""

    run: str
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSent:
    """What an engine publishes besides its runs; see EngineSnapshot.

    Attributes:
        importing: whether it is importing torch.
        notices: those since the last message.
    """

    activity: str
    device: str
    data: str
    importing: bool
    notices: "tuple[Notice, ...]"
    inspection: "LayerView | None"
    unsaved: dict[str, str]


Message = ViewSent | EventSent | Forgotten | StateSent


def send(file: BinaryIO, *messages: Any) -> None:
    """Write messages to a pipe.

    Raises:
        OSError: the other process has ended.
    """
    file.write(b"".join(pickle.dumps(message) for message in messages))
    file.flush()


def receive(file: BinaryIO) -> Any:
    """The next message of a pipe; None if the other process has ended, perhaps in the middle of one."""
    try:
        return pickle.load(file)
    except (EOFError, pickle.UnpicklingError, OSError, ValueError):
        return None
