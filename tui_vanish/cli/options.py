"""Options that several commands share: what they take, and what is checked before anything starts."""

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tui_vanish.jobs.exits import RefusedError

if TYPE_CHECKING:
    from engine.runtime.state import Settings
    from scenarios.schema import Scenario

DEFAULT_SEED = 42
MOST_EPOCHS = 1_000_000
MOST_THREADS = 1024
AUTO_THREADS = 0  # `--threads auto`: the engine chooses
FASTEST_REFRESH = 60.0  # a second
LONGEST_SECONDS = 86_400.0


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage in front of it."""

    def __init__(self, **options: object) -> None:
        super().__init__(**{"allow_abbrev": False, **options})  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        raise RefusedError(f"{message} (see {self.prog} --help)")


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """What training takes, in the app and without it; read with `settings` and `seed`.

    Nothing is stored for an option that isn't there, so that one given before the command holds.
    """
    group = parser.add_argument_group("training", argument_default=argparse.SUPPRESS)
    group.add_argument(
        "--device",
        type=_device,
        metavar="DEVICE",
        help="auto (the freest GPU, else the CPU), cpu, cuda, cuda:N",
    )
    group.add_argument("--seed", type=_seed, metavar="N", help=f"of the run's randomness ({DEFAULT_SEED})")
    add_data_option(group)
    group.add_argument(
        "--threads",
        type=_threads,
        metavar="N",
        help="CPU threads of a run (1), or auto: what trains fastest here and leaves a core;"
        " the last bits of the results depend on it, and on a busy machine several are far slower than one",
    )
    add_runs_option(group)


def add_data_option(group: argparse._ActionsContainer) -> None:
    """Where Fashion-MNIST is."""
    group.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        default=argparse.SUPPRESS,
        help="a folder with Fashion-MNIST's four IDX files; `sample` is the embedded sample",
    )


def add_runs_option(group: argparse._ActionsContainer) -> None:
    """Where runs are saved."""
    group.add_argument(
        "--runs-dir", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="where runs are saved"
    )


def settings(arguments: argparse.Namespace) -> "Settings":
    """What the engine is started with."""
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
    """The seed asked for, or the default."""
    return int(getattr(arguments, "seed", DEFAULT_SEED))


def check(settings: "Settings") -> None:
    """See that the data and an explicit GPU are there; only the latter imports torch.

    Raises:
        RefusedError: one isn't.
    """
    from engine.data.fashion_mnist import DataError, find_source

    try:
        find_source(settings.data)
    except DataError as error:
        raise RefusedError(str(error)) from None
    if settings.device.startswith("cuda"):
        from engine import devices

        try:
            devices.resolve(settings.device)
        except devices.DeviceError as error:
            raise RefusedError(str(error)) from None


def has_terminal() -> bool:
    """Whether there is a terminal that an app can be opened on."""
    streams = (sys.stdin, sys.stdout)
    are_terminals = all(stream is not None and stream.isatty() for stream in streams)
    return are_terminals and os.environ.get("TERM") != "dumb"


def user_scenarios() -> Path:
    """Where the user's own scenario files are looked for."""
    from platformdirs import user_config_path

    return user_config_path("vanish-tui") / "scenarios"


def load_scenario(id_or_path: str | Path, overrides: list[str]) -> "Scenario":
    """A scenario of the catalogue, of the user's own, or of a file.

    Raises:
        RefusedError: with everything that is wrong.
    """
    import scenarios

    try:
        return scenarios.load(id_or_path, overrides, user_dir=user_scenarios())
    except scenarios.UnknownScenario as error:
        hint = f"the nearest: {', '.join(error.nearest)}" if error.nearest else "see vanish-tui list"
        raise RefusedError(f"there is no scenario {error.name!r}; {hint}") from None
    except scenarios.ScenarioError as error:
        raise RefusedError(str(error)) from None


def epochs(text: str) -> int:
    """A number of epochs."""
    return _whole(text, 1, MOST_EPOCHS)


def refresh(text: str) -> float:
    """Frames a second."""
    return _above_zero(text, FASTEST_REFRESH)


def seconds(text: str) -> float:
    """A time, of a day at most."""
    return _above_zero(text, LONGEST_SECONDS)


def _above_zero(text: str, highest: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= highest:
        raise argparse.ArgumentTypeError(f"expected a number above 0, at most {highest:.0f}, found {text!r}")
    return value


def _device(text: str) -> str:
    kind, colon, number = text.partition(":")
    plain = text in ("auto", "cpu", "cuda")
    if not plain and not (kind == "cuda" and colon and number.isascii() and number.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected auto, cpu, cuda or cuda:N, found {text!r}")
    return text


def seeds(text: str) -> int:
    """How many seeds."""
    return _whole(text, 1, 1000)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**63 - 1)


def _threads(text: str) -> int:
    return AUTO_THREADS if text == "auto" else _whole(text, 1, MOST_THREADS, "auto or ")


def _whole(text: str, lowest: int, highest: int, alternative: str = "") -> int:
    try:
        value = int(text)
    except ValueError:
        value = lowest - 1
    if not lowest <= value <= highest:
        raise argparse.ArgumentTypeError(
            f"expected {alternative}a whole number from {lowest} to {highest}, found {text!r}"
        )
    return value
