"""`tui_vanish.show`: the figures of a report inside a notebook, such as Jupyter."""

import os
from collections.abc import Sequence
from pathlib import Path

from tui_vanish.report import drawing, page, write
from tui_vanish.report.figures import Figure

_CLASS = "vanish-tui-report"


class Shown:
    """The figures of a report. A notebook shows them as HTML: SVG and tables, without a script.

    Args:
        names: what the report is about, for the text.
        figures: all figures of the report.
    """

    def __init__(self, names: Sequence[str], figures: Sequence[Figure]) -> None:
        self.names, self.figures = tuple(names), tuple(figures)

    def __repr__(self) -> str:
        return f"Shown({', '.join(map(repr, self.names))})"

    def _repr_html_(self) -> str:
        rules = drawing.style(drawing.LIGHT, "#1b1f24", "#8c959f")
        own = f".{_CLASS}{{background:#fff;color:#1b1f24;padding:8px;max-width:820px}}"
        style = own + page.within(f".{_CLASS}", f"{rules}svg{{width:100%;height:auto}}")
        parts = "".join(
            f"<h4>{page.text_of(figure.title)}</h4>{drawing.svg(figure)}" for figure in self.figures
        )
        return f'<div class="{_CLASS}"><style>{style}</style>{parts}</div>'


def show(*runs: str | os.PathLike[str], runs_dir: str | os.PathLike[str] | None = None) -> Shown:
    """The figures of the report of these runs, for the last line of a notebook's cell.

    Args:
        runs: names of runs, as every command takes them: `@last`, `recorded:relu`, a folder, a sweep.
        runs_dir: folder of the runs; None for the usual one.

    Raises:
        ValueError: a run is not found or cannot be read. The text says why.
    """
    from tui_vanish.jobs.exits import RefusedError

    names = [os.fspath(run) for run in runs] or ["@last"]
    try:
        entries, sweep = write.chosen(names, None if runs_dir is None else Path(runs_dir))
        _, figures = write.report(entries, sweep)
    except RefusedError as reason:
        raise ValueError(str(reason)) from None
    return Shown(names, figures)
