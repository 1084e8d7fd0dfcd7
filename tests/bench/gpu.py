"""Everything that only a GPU can show, in one command: `make gpu`.

It runs the tests that are marked `cuda`, compares each scenario's numbers with the CPU's, measures what
`vanish-tui bench` measures, and trains under the app. It writes docs/performance-gpu.md and the same as JSON.
A part that fails is named, the others run, and the exit code is 1.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.gpu_trouble import in_words
from tests.bench.speed import app_over_headless
from tests.bench.terminal import Environment
from tests.e2e.pseudo_terminal import PROGRAM, child_environment
from tui_vanish.cli.gpu_check import bits_cells

ROOT = Path(__file__).parent.parent.parent
NAME = "performance-gpu"
MARK = "pytest.mark.cuda"
_SECONDS = 1800  # for a part; a driver may hang


class PartFailed(Exception):
    """A part failed. The text is one sentence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One part: what it found, or why it failed."""

    part: str
    found: Any = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure, and where.

    Attributes:
        device: as in `--device`.
        steps: of each scenario, compared with the CPU.
        quick: measure for a shorter time.
        data: as in `--data`; empty for the first source that exists.
        environment: with folders of its own, so that nothing of the user's is read or changed.
    """

    device: str
    steps: int
    quick: bool
    data: str
    environment: Environment

    @property
    def options(self) -> list[str]:
        """The command line's options for these."""
        return ["--device", self.device, *(["--data", self.data] if self.data else [])]


def _tests(asked: Asked) -> Any:
    """The tests that are marked `cuda`; it fails if one fails, or if none runs."""
    files = [str(path) for path in sorted((ROOT / "tests").rglob("test_*.py")) if MARK in path.read_text()]
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-m", "cuda", "-n0", f"--junitxml={report}", *files]
        done = _output(command, asked.environment, codes=(0, 1))
        suite = next(iter(ElementTree.parse(report).getroot().iter("testsuite")))
    number, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
    bad = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    if bad:
        names = re.findall(r"^(?:FAILED|ERROR) (\S+)", done, re.MULTILINE)
        raise PartFailed(f"{bad} of {number} tests failed: {', '.join(names)}")
    if number == skipped:
        raise PartFailed(f"no test ran: all {number} were skipped, because PyTorch sees no GPU")
    return {"passed": number - skipped, "skipped": skipped}


def _engine(asked: Asked, part: str) -> Any:
    command = [
        sys.executable,
        "-m",
        "engine.bench.gpu_parts",
        part,
        "--steps",
        str(asked.steps),
        *asked.options,
    ]
    return json.loads(_output(command, asked.environment))


def _bench(asked: Asked) -> Any:
    """All of `vanish-tui bench`: what limits a step, an epoch, each scenario's step."""
    command = [*PROGRAM, "bench", "--json", *(["--quick"] if asked.quick else []), *asked.options]
    return json.loads(_output(command, asked.environment))


def _app(asked: Asked) -> Any:
    """Seconds of an epoch in the open app, over those without it."""
    return app_over_headless(
        asked.environment, 4 if asked.quick else 20, 1 if asked.quick else 3, asked.options
    )


PARTS: dict[str, Callable[[Asked], Any]] = {
    "tests marked cuda": _tests,
    "bits per device": lambda asked: _engine(asked, "bits"),
    "bench": _bench,
    "six runs in lockstep": lambda asked: _engine(asked, "lockstep"),
    "steps in a CUDA graph": lambda asked: _engine(asked, "graphs"),
    "training under the app": _app,
}


def measure(asked: Asked, say: Callable[[str], None]) -> list[Outcome]:
    """All parts, one after another; none keeps another from running."""
    outcomes = []
    for part, work in PARTS.items():
        say(part)
        try:
            outcomes.append(Outcome(part, work(asked)))
        except Exception as error:
            outcomes.append(Outcome(part, problem=_reason(error)))
            say(f"{part} failed: {outcomes[-1].problem}")
    return outcomes


def _reason(error: Exception) -> str:
    if isinstance(error, PartFailed):
        return str(error)
    return in_words(error) or f"{type(error).__name__}: {error}"


def _output(command: Sequence[str], environment: Environment, codes: Sequence[int] = (0,)) -> str:
    """What a program prints.

    Raises:
        PartFailed: it hangs, or ends with another exit code; the text is the last line of its errors.
    """
    try:
        done = subprocess.run(
            command,
            env=child_environment(environment),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PartFailed(f"no answer within {_SECONDS} s") from None
    if done.returncode not in codes:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise PartFailed(last[0] if last else f"exit code {done.returncode}")
    return done.stdout


def machine(device: str) -> dict[str, str]:
    """What was measured on; asked in another process, which a driver may crash."""
    code = (
        "import json, sys, platform, torch\n"
        "found = {'python': platform.python_version(), 'torch': torch.__version__}\n"
        "if torch.cuda.is_available():\n"
        "    found |= {'gpu': torch.cuda.get_device_name(), 'gpus': str(torch.cuda.device_count())}\n"
        "    found |= {'cuda': str(torch.version.cuda or torch.version.hip)}\n"
        "print(json.dumps(found))"
    )
    try:
        found: dict[str, str] = json.loads(_output([sys.executable, "-c", code], {}))
    except PartFailed as error:
        found = {"problem": str(error)}
    return {"device": device, **found}


def markdown(day: str, here: dict[str, str], outcomes: Sequence[Outcome]) -> str:
    """The page of documentation."""
    lines = [
        "# How fast it is on a GPU",
        "",
        f"`make gpu` wrote this page on {day}, and `{NAME}.json`, which has all numbers.",
        "[gpu.md](gpu.md) says what the tests prove without a GPU.",
        "",
        f"{', '.join(f'{name} {value}' for name, value in here.items())}.",
    ]
    for outcome in outcomes:
        lines += ["", f"## {outcome.part[0].upper()}{outcome.part[1:]}", ""]
        lines += [f"Failed: {outcome.problem}."] if outcome.problem else _TEXTS[outcome.part](outcome.found)
    return "\n".join(lines) + "\n"


def _tests_text(found: Any) -> list[str]:
    return [f"{found['passed']} tests passed, {found['skipped']} were skipped."]


def _bits_text(found: Any) -> list[str]:
    rows = [f"| {' | '.join((row['scenario'], *bits_cells(row)))} |" for row in found]
    return [
        f"The same seed, {found[0]['steps']} steps on the CPU and on the GPU. Differences are relative: of",
        "the loss of the first step, of the losses of all measured steps, and of all weights at the end.",
        "",
        "| scenario | bits differ | loss of step 1 | all losses, at most | weights |",
        "|---|---|---|---|---|",
        *rows,
    ]


def _bench_text(found: Any) -> list[str]:
    detail = found["detail"]
    lines = [f"{detail['device']}; {detail['data']}.", ""]
    if (launches := detail["launches"]) is not None:
        step, launch = (1000 * launches[key]["median"] for key in ("step", "launch"))
        lines += [
            f"A step of `depth-7` takes {step:.2f} ms, and launching it takes {launch:.2f} ms: it is",
            f"{launches['bound']}-bound.",
            "",
        ]
    lines += ["| what | measured | range |", "|---|---|---|"]
    pace, usual = (detail[part] or {} for part in ("pace", "usual"))
    rows = [
        ("an epoch of `depth-7`, in seconds", pace.get("epoch")),
        ("the same without measuring", pace.get("unmeasured")),
        ("only its matrix products", pace.get("floor")),
        ("the usual DataLoader loop / our epoch", usual.get("over")),
        *((f"a step of `{name}`, in seconds", step) for name, step in detail["steps"].items()),
    ]
    lines += [
        f"| {name} | {spread['median']:.3g} | {spread['low']:.3g}–{spread['high']:.3g} |"
        for name, spread in rows
        if spread
    ]
    if found["not_measured"]:
        lines += ["", f"There was no time to measure {'; '.join(found['not_measured'])}."]
    return lines


def _lockstep_text(found: Any) -> list[str]:
    together, in_turn = (found[key]["median"] for key in ("together", "in_turn"))
    return [
        f"{found['runs']} runs of one epoch of `depth-7` take {together:.2f} s in lockstep, and"
        f" {in_turn:.2f} s one after another."
    ]


def _graphs_text(found: Any) -> list[str]:
    plain, captured = (100 * found[key]["median"] for key in ("plain", "captured"))
    return [
        f"A step of `depth-7` takes {plain:.2f} ms, and {captured:.2f} ms with nine of ten steps captured",
        f"({found['replays']} were replayed). The bits are {'the same' if found['same_bits'] else 'others'}.",
    ]


def _app_text(found: Any) -> list[str]:
    ratio = statistics.median(found)
    return [
        f"An epoch of `depth-7` in the open app takes {ratio:.2f} times as long as without it"
        f" ({min(found):.2f}–{max(found):.2f}, measured {len(found)} times)."
    ]


_TEXTS: dict[str, Callable[[Any], list[str]]] = {
    "tests marked cuda": _tests_text,
    "bits per device": _bits_text,
    "bench": _bench_text,
    "six runs in lockstep": _lockstep_text,
    "steps in a CUDA graph": _graphs_text,
    "training under the app": _app_text,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the page and the JSON; exit code 1 if a part failed."""
    parser = argparse.ArgumentParser(prog="make gpu ARGS=", description=main.__doc__)
    parser.add_argument("--device", default="cuda", help="where to train (default: cuda)")
    parser.add_argument("--data", default="", help="as in vanish-tui --data")
    parser.add_argument("--steps", type=int, default=200, help="of each scenario, compared with the CPU")
    parser.add_argument("--quick", action="store_true", help="measure for a shorter time")
    parser.add_argument("--to", type=Path, default=ROOT / "docs", help="the folder to write to")
    chosen = parser.parse_args(argv)
    with TemporaryDirectory() as home:
        # Not the cache: it may hold the whole Fashion-MNIST.
        folders: Environment = {
            f"XDG_{kind}_HOME": os.path.join(home, kind) for kind in ("STATE", "CONFIG", "DATA")
        }
        asked = Asked(chosen.device, chosen.steps, chosen.quick, chosen.data, folders)
        outcomes = measure(asked, lambda text: print(text, file=sys.stderr, flush=True))
    day, here = datetime.now(UTC).date().isoformat(), machine(chosen.device)
    record = {"day": day, "machine": here, "parts": [asdict(outcome) for outcome in outcomes]}
    (chosen.to / f"{NAME}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (chosen.to / f"{NAME}.md").write_text(markdown(day, here, outcomes), encoding="utf-8")
    failed = [outcome.part for outcome in outcomes if outcome.problem]
    print(f"written: {chosen.to / NAME}.md; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
