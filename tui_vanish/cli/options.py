"""Options that several commands share: how they are parsed, and what is checked before a run starts.

It is long because each option that several commands have, and each form of a value, is defined here once.
"""

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tui_vanish.cli import device_names
from tui_vanish.cli.expected import found
from tui_vanish.jobs.exits import NotFoundError, RefusedError
from tui_vanish.language import marked, tr
from tui_vanish.language.below import spoken

if TYPE_CHECKING:
    from engine.protocol.budget import Budget
    from engine.runtime.state import Settings
    from scenarios.schema import Scenario

DEFAULT_SEED = 42
MOST_EPOCHS = 1_000_000
MOST_THREADS = 1024
AUTO_THREADS = 0  # `--threads auto`: the engine chooses
FASTEST_REFRESH = 60.0  # per second
LONGEST_SECONDS = 86_400.0
Examples = tuple[tuple[str, str], ...]  # command lines for the help, each with what it does
_RUN = marked("name of a run or a sweep (see vanish-tui runs), a part of it, or @last, the run started last")


class Parser(argparse.ArgumentParser):
    """Reports an error in one line, without argparse's usage text before it."""

    def __init__(self, **options: object) -> None:
        super().__init__(**{"allow_abbrev": False, **options})  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Raise the error that ends the program with exit code 2."""
        raise RefusedError(tr("{message} (see {program} --help)", message=spoken(message), program=self.prog))


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for training with and without the app; `settings` and `seed` read them.

    They have no defaults in argparse, because a default of the command's parser would replace a value that
    was given before the command.
    """
    group = parser.add_argument_group(tr("training"), argument_default=argparse.SUPPRESS)
    group.add_argument(
        "--device",
        type=device_names.device,
        metavar="DEVICE",
        help=tr(
            "auto, cpu, cuda for every visible GPU, or GPUs such as cuda:0,cuda:2, over which the runs of a "
            "comparison are spread (default: auto, the GPU with the most free memory, or else the CPU)"
        ),
    )
    group.add_argument(
        "--seed",
        type=_seed,
        metavar="N",
        help=tr("seed of all random draws (default: {seed})", seed=DEFAULT_SEED),
    )
    add_data_option(group)
    group.add_argument(
        "--threads",
        type=_threads,
        metavar="N",
        help=tr(
            "CPU threads per run (default: 1), or auto: the number that trains fastest here and "
            "leaves one core free; the last bits of the results depend on it, and on a busy "
            "machine several threads are much slower than one"
        ),
    )
    add_runs_option(group)


def add_data_option(group: argparse._ActionsContainer) -> None:
    """Add `--data`, which says where Fashion-MNIST is."""
    group.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        default=argparse.SUPPRESS,
        help=tr("folder with the four IDX files of Fashion-MNIST, or `sample` for the included sample"),
    )


def add_runs_option(group: argparse._ActionsContainer) -> None:
    """Add `--runs-dir`, which says where runs are saved."""
    group.add_argument(
        "--runs-dir", type=Path, metavar="DIR", default=argparse.SUPPRESS, help=tr("folder of the saved runs")
    )


def add_run_name(parser: argparse._ActionsContainer) -> None:
    """Add the name of one saved run."""
    parser.add_argument("run_name", metavar="RUN", help=tr(_RUN))


def add_run_names(parser: argparse._ActionsContainer, number: str) -> None:
    """Add the names of saved runs; `number` is argparse's `nargs`."""
    parser.add_argument("run_names", metavar="RUN", nargs=number, help=tr(_RUN))


def settings(arguments: argparse.Namespace) -> "Settings":
    """The engine's settings, from the command line."""
    from engine.runtime.state import SAVE_SECONDS, Settings
    from tui_vanish.jobs.cores import spare_cores

    threads = getattr(arguments, "threads", 1)
    return Settings(
        device=getattr(arguments, "device", "auto"),
        data=getattr(arguments, "data", None),
        threads=spare_cores() if threads == AUTO_THREADS else threads,
        choose_threads=threads == AUTO_THREADS,
        runs_dir=getattr(arguments, "runs_dir", None),
        save_seconds=getattr(arguments, "save_every", SAVE_SECONDS),
    )


def seed(arguments: argparse.Namespace) -> int:
    """The seed from the command line, or the default."""
    return int(getattr(arguments, "seed", DEFAULT_SEED))


def check(settings: "Settings") -> None:
    """Check the data, the folder of runs and the GPU that the user has named; only a GPU imports torch.

    Raises:
        RefusedError: one of them is missing or cannot be used.
    """
    from engine.data.fashion_mnist import DataError, find_source
    from scenarios.problems import printable
    from vanish_recorder.storage.paths import obstacle

    try:
        find_source(settings.data)
    except DataError as error:
        raise RefusedError(printable(spoken(str(error)))) from None
    if settings.runs_dir is not None and (reason := obstacle(settings.runs_dir)):
        raise RefusedError(printable(runs_cannot_be_saved(reason)))
    if settings.device not in ("auto", "cpu"):
        from engine import devices

        try:
            for name in settings.device.split(","):
                devices.resolve(name)
        except devices.DeviceError as error:
            raise RefusedError(spoken(str(error))) from None


def has_terminal() -> bool:
    """Whether there is a terminal in which the app can open."""
    streams = (sys.stdin, sys.stdout)
    are_terminals = all(stream is not None and stream.isatty() for stream in streams)
    return are_terminals and os.environ.get("TERM") != "dumb"


def user_scenarios() -> Path:
    """The folder for the user's own scenario files."""
    from engine.user_folders import user_folder

    return user_folder("config") / "scenarios"


def load_scenario(
    id_or_path: str | Path, overrides: list[str], wanted: str = marked("scenario")
) -> "Scenario":
    """Load a built-in scenario, one of the user's own, or a scenario file.

    Args:
        id_or_path: the scenario.
        overrides: of its values.
        wanted: what the name may stand for, for the message that there is none.

    Raises:
        NotFoundError: the scenario is unknown.
        RefusedError: it is invalid; the text lists every problem.
    """
    import scenarios
    from scenarios.problems import shortened

    try:
        return scenarios.load(id_or_path, overrides, user_dir=user_scenarios())
    except scenarios.UnknownScenario as error:
        hint = (
            tr("did you mean {names}?", names=tr(" or ").join(error.nearest))
            if error.nearest
            else tr("see vanish-tui list")
        )
        name = repr(shortened(error.name))
        missing = tr("there is no {what} {name}; {hint}", what=tr(wanted), name=name, hint=hint)
        raise NotFoundError(missing) from None
    except scenarios.ScenarioError as error:
        raise RefusedError(spoken(str(error))) from None


def epochs(text: str) -> int:
    """Parse a number of epochs."""
    return _whole(text, 1, MOST_EPOCHS)


def budget(text: str) -> "Budget":
    """Parse a budget such as `10 epochs` or `60s`."""
    from engine.protocol.budget import parse_budget

    try:
        return parse_budget(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(found(spoken(str(error)), text)) from None


def refresh(text: str) -> float:
    """Parse a number of screen updates per second."""
    return _above_zero(text, FASTEST_REFRESH)


def seconds(text: str) -> float:
    """Parse a time in seconds, of one day at most."""
    return _above_zero(text, LONGEST_SECONDS)


def _above_zero(text: str, highest: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= highest:
        expected = tr("expected a number above 0, at most {highest}", highest=f"{highest:.0f}")
        raise argparse.ArgumentTypeError(found(expected, text))
    return value


def seeds(text: str) -> int:
    """Parse a number of seeds."""
    return _whole(text, 1, 1000)


def jobs(text: str) -> int:
    """Parse how many runs train, or pages are open, at the same time."""
    return _whole(text, 1, 1000)


def port(text: str) -> int:
    """Parse the number of a port."""
    return _whole(text, 0, 65_535)


def host(text: str) -> str:
    """Parse the name or the address of a machine; an empty one would stand for all addresses of this one."""
    try:
        if not text or not text.encode("idna"):
            raise UnicodeError
    except UnicodeError:  # such as a part that is empty or too long
        expected = tr("expected the name or the address of a machine")
        raise argparse.ArgumentTypeError(found(expected, text)) from None
    return text


def ray_address(text: str) -> str:
    """Parse the address of a Ray cluster; an empty one stands for the cluster that runs here."""
    if not text or text.startswith("ray://"):  # which is refused with a reason
        return text
    _, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdecimal()):
        expected = tr("expected HOST:PORT, or nothing for the cluster that runs here")
        raise argparse.ArgumentTypeError(found(expected, text))
    return text


def _seed(text: str) -> int:
    return _whole(text, 0, 2**63 - 1)


def _threads(text: str) -> int:
    return AUTO_THREADS if text == "auto" else _whole(text, 1, MOST_THREADS, or_auto=True)


def _whole(text: str, lowest: int, highest: int, *, or_auto: bool = False) -> int:
    try:
        value = int(text)
    except ValueError:
        value = lowest - 1
    if not lowest <= value <= highest:
        limits = {"lowest": lowest, "highest": highest}
        if or_auto:
            expected = tr("expected auto or a whole number from {lowest} to {highest}", **limits)
        else:
            expected = tr("expected a whole number from {lowest} to {highest}", **limits)
        raise argparse.ArgumentTypeError(found(expected, text))
    return value


def runs_cannot_be_saved(reason: str) -> str:
    """That a folder of runs cannot be used, and what can be done."""
    return tr("runs cannot be saved: {reason}; name another folder with --runs-dir", reason=spoken(reason))
