"""The columns of the runs screen, how they sort, and one row per run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from engine.storage.run_index import RunEntry
from scenarios.problems import printable
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row, cut, padded
from tui_vanish.instruments.status import ROLES, mark
from tui_vanish.language import plural, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.language.folding import folded
from tui_vanish.monitor.origin_text import UNKNOWN, begun
from vanish_recorder.protocol.status import Status


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list.

    Attributes:
        heading: its title.
        width: in cells.
        text: what a run's row shows in it.
        key: what it is sorted by.
    """

    heading: str
    width: int
    text: Callable[[RunEntry], str]
    key: Callable[[RunEntry], float | str | None]


def _images(entry: RunEntry) -> str:
    """The number of training images."""
    if entry.summary is None:
        return ""
    number = entry.summary.train_images
    if number is None and entry.summary.is_watched:
        return ""
    return tr(UNKNOWN) if number is None else format.count(number)


def _when(entry: RunEntry) -> str:
    return "" if entry.is_recorded else begun(entry.name)


def _scenario(entry: RunEntry) -> str:
    return printable(entry.summary.scenario if entry.summary else entry.name)


def _epochs(entry: RunEntry) -> str:
    if entry.summary is None:
        return ""
    if entry.summary.is_watched:  # its script alone knows how many epochs there are
        return tr("step {step}", step=format.short_count(entry.summary.step))
    return f"{entry.summary.epoch}/{entry.summary.epochs}"


def _loss(entry: RunEntry) -> str:
    value = _latest_loss(entry)
    return "" if value is None else format.fixed(value)


def _latest_loss(entry: RunEntry) -> float | None:
    """The latest loss on training data."""
    if entry.summary is None:
        return None
    return entry.summary.loss if entry.summary.is_watched else entry.summary.train_loss


def _name(entry: RunEntry) -> str:
    return entry.name


def sweep_progress(entry: RunEntry) -> str:
    """How many runs of a sweep are done, and how long the rest will take while it trains."""
    assert entry.summary is not None
    total = entry.summary.epochs
    done = plural("{done}/{number} run", "{done}/{number} runs", total, done=entry.summary.epoch)
    left = entry.summary.left
    return f"{done}  {format.time_left(left)}" if left is not None and entry.state == "live" else done


def _figure(name: str) -> Callable[[RunEntry], Any]:
    """One value of the summary; None without a summary."""
    return lambda entry: getattr(entry.summary, name) if entry.summary else None


def _accuracy(name: str) -> Callable[[RunEntry], str]:
    def text(entry: RunEntry) -> str:
        value = _figure(name)(entry)
        return "" if value is None else f"{100 * value:.1f} %"

    return text


def _trained(entry: RunEntry) -> str:
    return format.duration(entry.summary.time) if entry.summary else ""


def _seed(entry: RunEntry) -> str:
    return "" if entry.summary is None or entry.summary.seed is None else str(entry.summary.seed)


def _verdict(entry: RunEntry) -> str:
    return printable(entry.summary.verdict) if entry.summary else ""


def labels(entry: RunEntry) -> str:
    """The user's name and tags for a run."""
    return printable(" ".join((entry.labels.name, *(f"#{tag}" for tag in entry.labels.tags))).strip())


COLUMNS: tuple[Column, ...] = (
    Column("when", 16, _when, _name),
    Column("scenario", 18, _scenario, _scenario),
    Column("status", 9, lambda entry: spoken(entry.status), lambda entry: entry.status),
    Column("epoch", 9, _epochs, _figure("epoch")),
    Column("test", 7, _accuracy("test_accuracy"), _figure("test_accuracy")),
    Column("images", 7, _images, _figure("train_images")),
    Column("best", 7, _accuracy("best_test_accuracy"), _figure("best_test_accuracy")),
    Column("trained", 8, _trained, _figure("time")),
    Column("verdict", 11, _verdict, _verdict),
    Column("name", 12, labels, labels),
    Column("loss", 7, _loss, _latest_loss),
    Column("seed", 6, _seed, _figure("seed")),
)
_LEFT = ("when", "scenario", "status", "verdict", "name")
# A sweep has no epoch and no images: these columns hold how far it is.
_OF_SWEEP = ("epoch", "test", "images")


@dataclass(frozen=True, slots=True)
class Order:
    """How the list is sorted: the index of the column, and whether the largest value is first."""

    column: int = 0
    descending: bool = True

    def next(self) -> Self:
        """Sort by the next column: words from A to Z, numbers from the largest."""
        column = (self.column + 1) % len(COLUMNS)
        return replace(self, column=column, descending=COLUMNS[column].heading not in _LEFT[1:])

    def reversed(self) -> Self:
        """Sort in the opposite order."""
        return replace(self, descending=not self.descending)

    def sort(self, entries: Sequence[RunEntry]) -> list[RunEntry]:
        """The entries in this order. Those without a value are always last."""
        key = COLUMNS[self.column].key
        having = [entry for entry in entries if key(entry) not in (None, "")]
        lacking = [entry for entry in entries if key(entry) in (None, "")]
        return [*sorted(having, key=key, reverse=self.descending), *lacking]  # type: ignore[arg-type]


def matching(entries: Sequence[RunEntry], words: str) -> list[RunEntry]:
    """The entries that contain each of the words in their name, labels, status or verdict."""
    wanted = folded(words).split()
    return [entry for entry in entries if all(word in _searched(entry) for word in wanted)]


def _searched(entry: RunEntry) -> str:
    return folded(f"{entry.name} {labels(entry)} {entry.status} {spoken(entry.status)} {_verdict(entry)}")


def columns_for(width: int) -> list[Column]:
    """The columns for this width: as many as there is room for, from the left."""
    chosen: list[Column] = []
    room = width - 5  # the cursor, the mark, and the spaces around them
    for column in COLUMNS:
        if column.width > room:
            break
        chosen.append(column)
        room -= column.width + 1
    return chosen


def heading_row(order: Order, width: int, *, ascii: bool) -> Row:
    """The headings; an arrow shows the order in the sorted column."""
    pieces: list[Piece] = [Piece("     ")]
    for place, column in enumerate(columns_for(width)):
        signs = ("-", "+") if ascii else ("↓", "↑")  # a letter would be read as a part of the heading
        sign = signs[not order.descending] if place == order.column else ""
        pieces.append(
            Piece(_in_column(column, f"{tr_in('column', column.heading)}{sign}"), "accent" if sign else "dim")
        )
    return tuple(pieces)


def run_row(entry: RunEntry, width: int, *, here: bool, marked: bool) -> Row:
    """The row of a run."""
    role = "cursor" if here else "dim" if entry.summary is None else "text"
    sign = f" {'▸' if here else ' '}{'+' if marked else ' '}"
    status = Piece(f"{_mark(entry)} ", role if here else _role(entry))
    if entry.summary is None:
        words = Piece(f"{printable(entry.name)}  {spoken(entry.problem)}", role)
        return padded((Piece(sign, role), status, words), (), width, role=role)
    cells = "".join(_in_column(column, column.text(entry)) for column in _columns_of(entry, width)).rstrip()
    row: Row = (Piece(sign, role), status, Piece(cells, role))
    if entry.problem:
        row = (*row, Piece(f"  {spoken(entry.problem)}", role if here else "bad"))
    return padded(row, (), width, role=role)


def _columns_of(entry: RunEntry, width: int) -> list[Column]:
    """The columns of a row. "handing over" is longer than its column, and takes that of the epoch, too."""
    columns = columns_for(width)
    headings = [column.heading for column in columns]
    if entry.is_sweep:
        joined = [column for column in columns if column.heading in _OF_SWEEP]
        room = sum(column.width + 1 for column in joined) - 1
        place = headings.index(joined[0].heading) if joined else 0
        runs = Column("when", room, sweep_progress, _name)  # left, as that column is
        return [*columns[:place], *([runs] if joined else []), *columns[place + len(joined) :]]
    if entry.state == "handing over" and "epoch" in headings:
        status, epoch = columns[headings.index("status")], columns[headings.index("epoch")]
        columns[columns.index(status)] = replace(status, width=status.width + 1 + epoch.width)
        columns.remove(epoch)
    return columns


def _in_column(column: Column, text: str) -> str:
    text = cut(text, column.width)
    return f"{text:<{column.width}} " if column.heading in _LEFT else f"{text:>{column.width}} "


def _mark(entry: RunEntry) -> str:
    if entry.summary is None or entry.problem:
        return "?"
    if entry.state == "handing over":
        return mark(Status.LOADING)
    shown = entry.summary.status if entry.state in ("live", "ended") else Status.STOPPED
    return mark(shown, recorded=entry.is_recorded)


def _role(entry: RunEntry) -> str:
    if entry.summary is None or entry.problem or entry.state == "abandoned":
        return "warn"
    return ROLES[Status.LOADING if entry.state == "handing over" else entry.summary.status]
