"""The figures of a report as data: a page, an SVG file and a notebook draw the same ones."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart; `ys` has None where nothing is known.

    Attributes:
        label: its name in the legend.
        xs: increasing.
        ys: as many as `xs`.
        colour: number of its colour.
        dashed: whether it is a prediction and not a measurement.
        has_dots: whether each point is drawn.
        per_epoch: steps in an epoch, if `xs` are steps and this is known; else 0.
    """

    label: str
    xs: tuple[float, ...]
    ys: tuple[float | None, ...]
    colour: int
    dashed: bool = False
    has_dots: bool = False
    per_epoch: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over steps, or over layers.

    Attributes:
        name: of its file.
        title: its heading.
        about: what it shows, in a sentence or two.
        x_label: what is on the x axis.
        y_label: what is on the y axis.
        lines: at least one.
        is_log: whether the y axis is logarithmic.
        is_share: whether its numbers are shares, which are written as percentages.
        places: the names of the places on the x axis, whose numbers are 0, 1, …; empty for numbers.
        events: steps with what happened there.
    """

    name: str
    title: str
    about: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    is_log: bool = False
    is_share: bool = False
    places: tuple[str, ...] = ()
    events: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Heat:
    """A map of cells: layers over steps, or the runs of a sweep over two settings.

    Attributes:
        name: of its file.
        title: its heading.
        about: what it shows.
        x_label: what is on the x axis.
        y_label: what is on the y axis.
        columns: a text for each column.
        rows: a text for each row, from the top.
        cells: for each row a number for each column; None if there is none.
        is_log: whether colours follow the logarithm of the numbers.
        is_share: whether its numbers are written as percentages.
    """

    name: str
    title: str
    about: str
    x_label: str
    y_label: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...] = field(repr=False)
    is_log: bool = False
    is_share: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the stages of runs began, and what was changed by hand.

    Attributes:
        name: of its file.
        title: its heading.
        about: what it shows.
        end: the last step of any run.
        rows: of each run its label, its last step, its stages and its changes, both with step and text.
    """

    name: str
    title: str
    about: str
    end: int
    rows: tuple[tuple[str, int, tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]], ...]


Figure = Chart | Heat | Schedule


def number(value: float | None, *, is_share: bool = False) -> str:
    """A number of a figure as a text; an empty one for None."""
    if value is None or value != value:
        return ""
    if is_share:
        return f"{100 * value:.1f} %"
    return f"{value:.4g}"
