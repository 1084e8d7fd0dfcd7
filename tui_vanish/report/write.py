"""Makes a report of runs, and writes it and its figures into files."""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from engine.sweeps.folder import NotASweep, SweepFolder
from scenarios.problems import printable
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.resume import find_run
from tui_vanish.language import plural, tr
from tui_vanish.report import build, drawing, page, sweep, tables
from tui_vanish.report.figures import Figure
from tui_vanish.report.gather import ReportRun, gather
from tui_vanish.sweeps.find import sweep_named
from vanish_recorder.storage.atomic import write_atomically
from vanish_recorder.storage.private import make_private_folder

if TYPE_CHECKING:
    from engine.storage.run_index import RunEntry

MOST_IN_FULL = 12  # runs with curves; of a larger sweep, the map and the table say more


def chosen(names: Sequence[str], runs_dir: Path | None) -> "tuple[list[RunEntry], Path | None]":
    """The runs with these names, or those of a sweep with its folder.

    Raises:
        RefusedError: a name is not found, or its run cannot be read.
    """
    sweep_folder = sweep_named(names[0], runs_dir) if len(names) == 1 else None
    if sweep_folder is not None:
        return runs_of(sweep_folder), sweep_folder
    entries = [find_run(name, runs_dir) for name in names]
    return list({entry.folder: entry for entry in entries}.values()), None


def runs_of(sweep_folder: Path) -> "list[RunEntry]":
    """The runs of a sweep that have begun and can be read.

    Raises:
        RefusedError: the sweep cannot be read.
    """
    try:
        found = SweepFolder.read(sweep_folder).entries()
    except NotASweep as error:
        raise RefusedError(printable(f"{sweep_folder.name}: {error}")) from None
    return [entry for entry in found.values() if entry.summary is not None]


def report(entries: "Sequence[RunEntry]", sweep_folder: Path | None = None) -> tuple[str, list[Figure]]:
    """The report as HTML, and its figures.

    Args:
        entries: the runs; of a sweep, those that have begun.
        sweep_folder: of the sweep that they belong to; None if they are chosen runs.

    Raises:
        RefusedError: a run cannot be read.
    """
    about_sweep = sweep.read(sweep_folder) if sweep_folder is not None else None
    if about_sweep is not None and len(entries) > MOST_IN_FULL:
        entries = []
    runs, groups = gather(entries)
    curves = list(build.curves(runs)) if runs else []
    layers = list(build.profiles(runs)) if runs else []
    times = list(build.over_time(runs))
    stages = list(build.schedule(runs)) if runs else []
    sections: list[tuple[str, str, str]] = []
    maps: list[Figure] = []
    if about_sweep is not None:
        maps = list(sweep.maps(about_sweep))
        html = "".join(map(page.figure, maps)) + page.table(sweep.cells(about_sweep))
        sections.append(("sweep", tr("The sweep"), html))
    if runs:
        sections += _sections(runs, tables.differing(groups))
        for name, heading, found in (
            ("curves", tr("Curves"), curves),
            ("layers", tr("Layer by layer"), layers),
            ("time", tr("Layers over the training time"), times),
            ("stages", tr("Stages and changes by hand"), stages),
        ):
            if found:
                hint = f"<p class='soft'>{page.text_of(page.keys())}</p>" if name == "curves" else ""
                sections.append((name, heading, hint + "".join(map(page.figure, found))))
        sections.append(("again", tr("How to make it again"), page.again(runs)))
    elif about_sweep is not None:
        sections.append(("again", tr("How to make it again"), sweep.again(about_sweep)))
    title = about_sweep.title if about_sweep is not None else _title(runs)
    made = tr(
        "Made by vanish-tui {version} on {day}",
        version=version("vanish-tui"),
        day=f"{datetime.now():%Y-%m-%d}",
    )
    return page.page(title, made, sections, curves), [*maps, *curves, *layers, *times, *stages]


def _sections(runs: Sequence[ReportRun], differing: tables.Table | None) -> list[tuple[str, str, str]]:
    found = [("about", tr("What was trained"), page.table(tables.about(runs), has_caption=False))]
    if differing is not None:
        found.append(("differs", tr("What differs"), page.table(differing, has_caption=False)))
    found.append(("results", tr("Results"), page.table(tables.results(runs), has_caption=False)))
    found.append(("verdicts", tr("Verdicts"), "".join(page.verdicts(runs))))
    return found


def _title(runs: Sequence[ReportRun]) -> str:
    labels = ", ".join(each.label for each in runs[:6])
    return plural("Report of a run: {runs}", "Report of {number} runs: {runs}", len(runs), runs=labels)


def file_name(names: Sequence[str]) -> str:
    """What the file of a report is called if its user names none."""
    first = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in names[0])
    return f"report-{first[:80].lstrip('.')}{'' if len(names) == 1 else f'-and-{len(names) - 1}-more'}.html"


def write(path: Path, html: str) -> None:
    """Write a report; a file of this name is replaced as a whole.

    Raises:
        OSError: it cannot be written.
    """
    write_atomically(path, html.encode())


def write_figures(folder: Path, figures: Sequence[Figure], suffix: str = "svg") -> list[str]:
    """Write the figures into a folder, a file each; returns the names of the files.

    Raises:
        OSError: one cannot be written.
        FailedError: PNG needs a package that is not installed.
    """
    if suffix == "png":
        from tui_vanish.report.pixels import png
    make_private_folder(folder)
    names = []
    for figure in figures:
        text = drawing.svg(figure, alone=True)
        name = f"{figure.name}.{suffix}"
        write_atomically(folder / name, png(text) if suffix == "png" else text.encode())
        names.append(name)
    return names
