"""Install the wheel into bare environments, on the lowest and the newest versions that it allows, and use it.

`python -m tools.try_install` tries pip, pipx and uv with this Python; `--python` names others. It needs uv,
which finds the lowest versions, pipx, and some gigabytes for a short time. docs/install.md says what was
tried.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Literal

ROOT = Path(__file__).parent.parent
End = Literal["lowest", "newest"]
TOOLS = ("pip", "pipx", "uv")
ENDS: tuple[End, ...] = ("lowest", "newest")
_RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}
# Large, and the same in every environment that borrows them.
_BORROWED = ("torch", "torchvision")
_SHOWN = ("torch", "textual", "pydantic")
_SECONDS = 900.0
_SMALL = ("run", "depth-3", "--epochs", "1", "--set", "model.width=8", "--data", "sample", "--json")


class InstallError(Exception):
    """A step has failed; the text says which, and what it has printed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to install: an empty folder, and the Python of the new environment."""

    folder: Path
    python: str


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout, without the network."""
    said(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def requirements() -> list[str]:
    """What the package needs, as pyproject.toml says it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"])


def lowest_versions(place: Place) -> Path:
    """A file that pins every package that we name at the lowest version that is allowed."""
    pins, needed = place.folder / "lowest.txt", place.folder / "needed.in"
    needed.write_text("\n".join(requirements()) + "\n")
    options = ("--resolution", "lowest-direct", "--python", place.python, "--no-annotate", "--no-header")
    said("uv", "pip", "compile", needed, *options, "--output-file", pins)
    return pins


def versions_of(command: Path) -> str:
    """Which versions of some packages are beside an installed command."""
    code = f"from importlib.metadata import version; print(*(f'{{n}} {{version(n)}}' for n in {_SHOWN}))"
    return said(command.resolve().parent / "python", "-c", code).strip()


def with_pip(wheel: Path, pins: Path | None, place: Place) -> Path:
    """Install into an environment of its own; returns the command.

    Args:
        wheel: what is installed.
        pins: a file with the version of each package; None for the newest that the tool finds.
        place: where.
    """
    limits = () if pins is None else ("--constraint", pins)
    said(place.python, "-m", "venv", place.folder / "venv")
    said(place.folder / "venv/bin/python", "-m", "pip", "install", "--quiet", *limits, wheel)
    return place.folder / "venv/bin/vanish-tui"


def with_pipx(wheel: Path, pins: Path | None, place: Place) -> Path:
    """The same with pipx."""
    own = {"PIPX_HOME": str(place.folder / "pipx"), "PIPX_BIN_DIR": str(place.folder / "bin")}
    limits = () if pins is None else ("--pip-args", f"--constraint {pins}")
    said("pipx", "install", "--quiet", "--python", place.python, *limits, wheel, environment=own)
    return place.folder / "bin/vanish-tui"


def with_uv(wheel: Path, pins: Path | None, place: Place) -> Path:
    """The same with `uv tool`."""
    own = {"UV_TOOL_DIR": str(place.folder / "tools"), "UV_TOOL_BIN_DIR": str(place.folder / "bin")}
    limits = () if pins is None else ("--constraints", pins)
    said("uv", "tool", "install", "--quiet", "--python", place.python, *limits, wheel, environment=own)
    return place.folder / "bin/vanish-tui"


def borrowing(wheel: Path, end: End, place: Place) -> Path:
    """Install everything at one end of what is allowed, except PyTorch, which is that of this Python.

    PyTorch has some gigabytes, and its lowest version is tried without this.
    """
    python = place.folder / "venv/bin/python"
    said("uv", "venv", "--quiet", "--python", place.python, place.folder / "venv")
    light = [each for each in requirements() if not each.startswith(_BORROWED)]
    install = ("uv", "pip", "install", "--quiet", "--python", python)
    said(*install, "--resolution", _RESOLUTIONS[end], *light)
    said(*install, "--no-deps", wheel)
    (site,) = (place.folder / "venv/lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(
        sysconfig.get_path("purelib") + "\n"
    )  # after the folder's own packages
    return place.folder / "venv/bin/vanish-tui"


def use(command: Path, folder: Path) -> None:
    """Use the installed command: its version, the list, a report, and one epoch of training on the sample.

    Raises:
        InstallError: something does not work.
    """
    scenarios = len(list((ROOT / "scenarios/catalogue").glob("*.toml")))
    checks: Iterator[tuple[Sequence[str], Callable[[str], bool]]] = iter(
        [
            (("--version",), lambda text: text.startswith("vanish-tui ")),
            (("list", "--json"), lambda text: len(json.loads(text)) == scenarios),
            (("report", "recorded:relu", "-o", str(folder / "relu.html")), lambda _: True),
            (_SMALL, lambda text: json.loads(text.splitlines()[-1])["status"] == "finished"),
        ]
    )
    own = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("STATE", "CONFIG", "CACHE")}
    for arguments, holds in checks:
        text = said(command, *arguments, environment=own, cwd=folder)
        if not holds(text):
            raise InstallError(f"{command.name} {' '.join(arguments)} has printed: {text[-500:]}")


def said(*command: object, environment: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a command has printed on standard output.

    Raises:
        InstallError: it is missing, or has failed.
    """
    words = [str(word) for word in command]
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(
            [shutil.which(words[0], path=beside) or words[0], *words[1:]],
            capture_output=True,
            text=True,
            env={**kept, **(environment or {})},
            cwd=cwd,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(f"{' '.join(words)}: {error}") from None
    if done.returncode:
        raise InstallError(f"{' '.join(words)} (exit code {done.returncode}): {done.stderr[-2000:]}")
    return done.stdout


def main() -> int:
    """Try all that the options name; prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", nargs="+", default=[sys.executable], metavar="PATH")
    parser.add_argument("--tools", nargs="+", default=TOOLS, choices=TOOLS)
    parser.add_argument("--ends", nargs="+", default=ENDS, choices=ENDS)
    options = parser.parse_args()
    ways = {"pip": with_pip, "pipx": with_pipx, "uv": with_uv}
    failed = 0
    with tempfile.TemporaryDirectory(prefix="vanish-tui-install-") as name:
        wheel = build_wheel(Path(name))
        for number, (python, end, tool) in enumerate(product(options.python, options.ends, options.tools)):
            place = Place(Path(name) / str(number), python)
            place.folder.mkdir()
            start = monotonic()
            try:
                command = ways[tool](wheel, lowest_versions(place) if end == "lowest" else None, place)
                use(command, place.folder)
                result = f"works with {versions_of(command)}"
            except InstallError as error:
                failed += 1
                result = f"FAILED: {error}"
            print(f"{python} {end} {tool}: {result} ({monotonic() - start:.0f} s)", flush=True)
            shutil.rmtree(place.folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
