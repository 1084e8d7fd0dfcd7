"""Check that two checkouts train every scenario to the same numbers.

    python tools/same_numbers.py BEFORE AFTER [--scenario ID ...] [--epochs N] [--data PATH] [--words]

BEFORE and AFTER are folders with one checkout each; both are run with the Python that runs this script. Each
scenario trains in both, and everything that `run --json` prints is compared: each sample, each epoch, the
verdicts with their evidence, and the SHA-256 of the weights. Clocks, run names and versions are left out.
Sentences are compared only with --words, because rewording one changes no number.

    git worktree add /tmp/before HEAD~1 && python tools/same_numbers.py /tmp/before .
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Record = dict[str, Any]

_CLOCKS = {"run", "time", "seconds", "evaluation_seconds", "versions"}
_SENTENCES = {"text", "title", "question", "watch_for", "lesson", "slide", "section"}


def main() -> int:
    """Compare the checkouts; the exit code is 1 if a number differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--scenario", action="append", help="only this one; may be repeated")
    parser.add_argument(
        "--epochs", type=int, default=1, help="number of epochs of each stage (default: %(default)s)"
    )
    parser.add_argument("--data", default="sample")
    parser.add_argument("--words", action="store_true", help="also compare sentences")
    arguments = parser.parse_args()
    ids = arguments.scenario or _ids(arguments.before)
    different = 0
    for scenario in ids:
        options = [scenario, "--epochs", str(arguments.epochs), "--data", arguments.data]
        before, after = (
            _events(checkout, options, words=arguments.words)
            for checkout in (arguments.before, arguments.after)
        )
        difference = _first_difference(before, after)
        different += difference is not None
        print(f"{scenario:20} {difference or f'{len(before)} identical events'}", flush=True)
    print(f"{len(ids) - different} of {len(ids)} scenarios have identical numbers")
    return int(different > 0)


def _ids(checkout: Path) -> list[str]:
    listed = json.loads(_run(checkout, ["list", "--json"]))
    return [entry["id"] for entry in listed]


def _events(checkout: Path, options: list[str], *, words: bool) -> list[Record]:
    with TemporaryDirectory() as runs:
        lines = _run(checkout, ["run", *options, "--json", "--runs-dir", runs]).splitlines()
    return [_comparable(json.loads(line), words) for line in lines]


def _comparable(record: Record, words: bool) -> Record:
    dropped = _CLOCKS if words else _CLOCKS | _SENTENCES
    return {
        key: _comparable(value, words) if isinstance(value, dict) else value
        for key, value in record.items()
        if key not in dropped
    }


def _run(checkout: Path, arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tui_vanish", *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout.absolute())},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 3):  # 3: diverged, which some scenarios do
        raise SystemExit(f"{checkout}: vanish-tui {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


def _first_difference(before: list[Record], after: list[Record]) -> str | None:
    for number, (one, other) in enumerate(zip(before, after, strict=False), 1):
        if one != other:
            keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
            return f"event {number} ({one['event']}, step {one['step']}) differs in {', '.join(keys)}"
    if len(before) != len(after):
        return f"{len(before)} events before, {len(after)} after"
    return None


if __name__ == "__main__":
    sys.exit(main())
