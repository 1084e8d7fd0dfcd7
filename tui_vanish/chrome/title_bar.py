"""The first row: product, machine, device, data and seed on the left, the numbers of runs on the right."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_vanish.chrome.meters_row import meters_row
from tui_vanish.drawing.text import Piece, Row, padded, row_width
from tui_vanish.language import plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.widgets.rows import Rows
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.runtime.state import EngineSnapshot
    from tui_vanish.jobs.meters import Reading


_NAMED_GPUS = 2
_PRODUCT = "vanish-tui"


@dataclass(frozen=True, slots=True)
class Title:
    """The content of the row.

    Attributes:
        host: the machine's name, because users have the app open on several machines.
        device: "" until it is known.
        data: "" until it is known.
        seed: of the next run; None beside a run that a script trains.
        activity: what the engine is loading or reading, or "".
        statuses: of all runs that no other process trains, without recorded ones.
        unsaved: the number of runs that cannot be saved at the moment.
        others: the number of runs that other processes train.
    """

    host: str
    device: str
    data: str
    seed: int | None
    activity: str
    statuses: tuple[Status, ...]
    unsaved: int = 0
    others: int = 0


class TitleBar(Rows):
    """The first row of the lab."""

    DEFAULT_CSS = "TitleBar { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._title: Title | None = None
        self._has_meters = False
        self._reading: Reading | None = None

    def show(self, title: Title, reading: "Reading | None" = None, *, has_meters: bool = False) -> None:
        """Set the content.

        Args:
            title: of the first row.
            reading: of the meters; None before the first one.
            has_meters: whether a second row shows the meters.
        """
        if has_meters != self._has_meters:
            self.styles.height = 2 if has_meters else 1
        self._title, self._reading, self._has_meters = title, reading, has_meters
        self.redraw()

    def rows(self, width: int, height: int) -> list[Row]:
        """The rows; if there is too little room, words are shortened first and left out then."""
        if self._title is None:
            return []
        title = self._title
        host, device, data = title.host, title.device, title.data
        seed = "" if title.seed is None else tr("seed {seed}", seed=title.seed)
        short_host = host.split(".")[0]
        short = (_short_device(device), _short_data(data), seed)
        shortest = tr("on {host}", host=short_host[:12])
        variants = (
            _left(tr("{product} on {host}", product=_PRODUCT, host=host), (device, data, seed), "   "),
            _left(tr("{product} on {host}", product=_PRODUCT, host=short_host), (device, data, seed), "  "),
            _left(tr("{product} on {host}", product=_PRODUCT, host=short_host), short, "  "),
            _left(tr("on {host}", host=short_host), short, "  "),
            _left(shortest, short, "  "),
            _left(shortest, (short[0], seed), "  "),
            _left(shortest, (), "  "),
        )
        long, short_right = _right(title, short=False), _right(title, short=True)
        pairs = [(left, long) for left in variants[:3]] + [(left, short_right) for left in variants]
        fitting = (pair for pair in pairs if row_width(pair[0]) + row_width(pair[1]) + 3 <= width)
        left, right = next(fitting, pairs[-1])
        first = padded(left, (*right, Piece(" ")), width)
        return (
            [first, meters_row(self._reading, width, self.alphabet.levels)] if self._has_meters else [first]
        )


def _left(name: str, rest: tuple[str, ...], gap: str) -> Row:
    return (Piece(" "), Piece(name, "strong"), *(Piece(gap + part, "dim") for part in rest if part))


def _right(title: Title, *, short: bool) -> Row:
    right = _counts(title.statuses)
    if title.unsaved:
        right = (
            Piece(plural("{number} not saved", "{number} not saved", title.unsaved), "bad"),
            Piece(" · "),
            *right,
        )
    activity = title.activity or _in_other_processes(title.others, short=short)
    return (Piece(activity, "accent"), *((Piece("   "), *right) if right else ())) if activity else right


def _in_other_processes(runs: int, *, short: bool) -> str:
    """How many runs other processes train; the runs themselves name the process."""
    if not runs:
        return ""
    if short:
        return plural("{number} in another process", "{number} in other processes", runs)
    return plural("{number} run in another process", "{number} runs in other processes", runs)


def _counts(statuses: tuple[Status, ...]) -> Row:
    training = sum(status in (Status.LOADING, Status.RUNNING) for status in statuses)
    paused = sum(status is Status.PAUSED for status in statuses)
    done = sum(status.ended for status in statuses)
    words = [
        *([plural("{number} training", "{number} training", training)] if training else []),
        *([plural("{number} paused", "{number} paused", paused)] if paused else []),
        *([plural("{number} done", "{number} done", done)] if done else []),
    ]
    return (Piece(" · ".join(words)),) if words else ()


def _short_device(device: str) -> str:
    """`cpu (1 thread)` as `cpu×1`."""
    name, _, rest = device.partition(" (")
    number = rest.split(" ")[0]
    return f"{name}×{number}" if number.isdecimal() else device


def _short_data(data: str) -> str:
    """`Fashion-MNIST 60 000/10 000` as `F-MNIST 60k`."""
    return data.replace("Fashion-MNIST", "F-MNIST").replace(" 000/10 000", "k").replace(" 000/1 000", "k")


def title_of(snapshot: "EngineSnapshot", host: str, seed: int | None) -> Title:
    """The content of the first row for a snapshot."""
    device = snapshot.device
    threads = next((run.started.threads for run in reversed(snapshot.runs) if run.started), None)
    if device == "cpu" and threads is not None:
        device = plural("cpu ({number} thread)", "cpu ({number} threads)", threads)
    elif (gpus := device.count(",") + 1) > _NAMED_GPUS:
        device = tr("{number} GPUs", number=gpus)  # a comparison says which run is where
    own = (run for run in snapshot.runs if run.run not in snapshot.owners and not run.is_recorded)
    statuses = tuple(run.status for run in own)
    busy = snapshot.activity or snapshot.reading
    return Title(
        host=host,
        device=device,
        data=snapshot.data,
        seed=seed,
        activity=f"{spoken(busy)}…" if busy else "",
        statuses=statuses,
        unsaved=len(snapshot.unsaved),
        others=len(snapshot.owners),
    )
