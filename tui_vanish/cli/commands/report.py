"""`vanish-tui report`: runs as one HTML file that needs nothing else, and their figures as files."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.problems import printable
from tui_vanish.cli import options
from tui_vanish.cli.output_file import check_output, write_output
from tui_vanish.jobs.exits import FailedError
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, plural, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_vanish.report.figures import Figure

EXAMPLES = (
    ("vanish-tui report @last", marked("the run that was started last, as report-NAME.html")),
    ("vanish-tui report recorded:depth-7 recorded:relu -o cure.html", marked("two runs, and what differs")),
    ("vanish-tui report map-sigmoid --svg figures", marked("a sweep, and its figures as files")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    options.add_run_names(parser, "+")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help=tr("the file (default: report-NAME.html in this folder)"),
    )
    parser.add_argument(
        "--svg", metavar="DIR", type=Path, help=tr("also write each figure as an SVG file into this folder")
    )
    parser.add_argument(
        "--png",
        metavar="DIR",
        type=Path,
        help=tr("also write each figure as a PNG file into this folder; needs vanish-tui[png]"),
    )
    parser.add_argument("--force", action="store_true", help=tr("overwrite a file that exists"))
    options.add_runs_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the report."""
    from tui_vanish.report import write

    names = list(dict.fromkeys(arguments.run_names))
    runs_dir = getattr(arguments, "runs_dir", None)
    entries, sweep = write.chosen(names, runs_dir)
    called = [sweep.name] if sweep is not None else [entry.name for entry in entries]
    path = arguments.output or Path(write.file_name(called))
    check_output(path, force=arguments.force)
    html, figures = write.report(entries, sweep)
    write_output(path, html)
    say(tr("report written: {path}", path=path))
    try:
        for folder, suffix in ((arguments.svg, "svg"), (arguments.png, "png")):
            if folder is not None:
                _figures(folder, figures, suffix)
    except OSError as error:
        raise FailedError(printable(f"{error.filename or path}: {error.strerror}")) from None
    return 0


def _figures(folder: Path, figures: "Sequence[Figure]", suffix: str) -> None:
    from tui_vanish.report import write

    number = len(write.write_figures(folder, figures, suffix))
    text = plural(
        "{number} figure written: {folder}", "{number} figures written: {folder}", number, folder=folder
    )
    say(text)
