"""`vanish-tui bench`: measure how fast this machine trains, compared with its own limit."""

import argparse
import json
from math import inf, isinf
from time import monotonic

from engine.bench.deadline import Deadline
from engine.gpu_trouble import in_words
from tui_vanish.cli import device_names, options
from tui_vanish.cli.bench_tables import print_report
from tui_vanish.cli.importing import ending_at_once
from tui_vanish.cli.progress_line import ProgressLine
from tui_vanish.drawing import format
from tui_vanish.jobs import children
from tui_vanish.jobs.cores import physical_cores, spare_cores
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.jobs.pytorch import require_torch
from tui_vanish.jobs.telling import say
from tui_vanish.language import marked, tr
from tui_vanish.language.below import spoken

_QUICK = 30.0  # seconds for everything, the import of PyTorch included
EXAMPLES = (("vanish-tui bench", marked("how long a step takes here, and where the limit is")),)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--json", action="store_true", help=tr("print a JSON object"))
    parser.add_argument(
        "--quick",
        action="store_true",
        help=tr(
            "end after half a minute, for a first look; what there was no time for is named "
            "(without: 2 to 4 minutes, more on a busy machine)"
        ),
    )
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure, with progress on standard error, and print the report."""
    require_torch()
    settings = options.settings(arguments)
    device_names.refuse_several(settings, "bench")
    options.check(settings)
    children.protect_workers()
    began = monotonic()
    deadline = Deadline(monotonic, _QUICK if arguments.quick else inf)
    with ending_at_once():
        import engine.runtime.live_run  # noqa: F401  used in lockstep, and timed
        from engine.bench.dataloader import load_torchvision
        from engine.bench.lockstep import RunFailedError
        from engine.bench.report import QUICK, THOROUGH, measure
        from engine.data.fashion_mnist import DataError

        load_torchvision()

    effort = QUICK if arguments.quick else THOROUGH
    with ProgressLine() as line:

        def show(number: int, parts: int, name: str) -> None:
            values = {"number": number, "parts": parts, "name": spoken(name)}
            if isinf(deadline.left):
                line.show(tr("measuring {number}/{parts}: {name}", **values))
                return
            left = format.time_left(deadline.left)
            line.show(tr("measuring {number}/{parts}: {name} (at most {left})", left=left, **values))

        try:
            report = measure(settings, effort, physical_cores(), spare_cores(), deadline, show)
        except DataError as error:
            raise RefusedError(spoken(str(error))) from None
        except RunFailedError as error:
            raise FailedError(spoken(str(error))) from None
        except RuntimeError as error:  # of a GPU
            if (words := in_words(error)) is None:
                raise
            raise FailedError(spoken(words)) from None
        line.show(tr("measured in {time} min", time=format.duration(monotonic() - began)))
    if arguments.json:
        say(json.dumps(report.record(), indent=1))
    else:
        print_report(report)
    return 0
