"""Check that two checkouts train every scenario to the same numbers.

    python tools/same_numbers.py BEFORE AFTER [--scenario ID ...] [--epochs N] [--data PATH] [--words]
        [--without-verdicts] [--without-field NAME ...]

BEFORE and AFTER are folders with one checkout each; both are run with the Python that runs this script. Each
scenario trains in both, and everything that `run --json` prints is compared: each sample, each epoch, the
verdicts with their evidence, and the SHA-256 of the weights. Clocks, run names and versions are left out.
Sentences are compared only with --words, because rewording one changes no number.

Where a change is meant to alter the verdicts alone, --without-verdicts leaves the verdict events out, so that
the samples, the epochs and the weights are still compared.
--without-field leaves out a field that one of the checkouts does not have, such as a new quantity of layers.

    git worktree add /tmp/before HEAD~1 && python tools/same_numbers.py /tmp/before .
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
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
    parser.add_argument("--without-verdicts", action="store_true", help="leave the verdict events out")
    parser.add_argument(
        "--without-field",
        action="append",
        default=[],
        metavar="NAME",
        help="leave a field out; may be repeated",
    )
    arguments = parser.parse_args()
    ids = arguments.scenario or _ids(arguments.before)
    dropped = _CLOCKS | set(arguments.without_field) | (set() if arguments.words else _SENTENCES)
    different = 0
    for scenario in ids:
        options = [scenario, "--epochs", str(arguments.epochs), "--data", arguments.data]
        before, after = (
            _events(checkout, options, dropped, verdicts=not arguments.without_verdicts)
            for checkout in (arguments.before, arguments.after)
        )
        difference = _first_difference(before, after)
        different += difference is not None
        print(f"{scenario:20} {difference or _counted(before)}", flush=True)
    print(f"{len(ids) - different} of {len(ids)} scenarios have identical numbers")
    return int(different > 0)


def _ids(checkout: Path) -> list[str]:
    listed = json.loads(_run(checkout, ["list", "--json"]))
    return [entry["id"] for entry in listed]


def _events(checkout: Path, options: list[str], dropped: set[str], *, verdicts: bool) -> list[Record]:
    with TemporaryDirectory() as runs:
        lines = _run(checkout, ["run", *options, "--json", "--runs-dir", runs]).splitlines()
    records = [json.loads(line) for line in lines]
    return [_comparable(record, dropped) for record in records if verdicts or record["event"] != "verdict"]


def _comparable(value: Any, dropped: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _comparable(item, dropped) for key, item in value.items() if key not in dropped}
    return [_comparable(item, dropped) for item in value] if isinstance(value, list) else value


def _counted(records: list[Record]) -> str:
    kinds = Counter(record["event"] for record in records)
    weights = next(
        (record["weights_sha256"] for record in reversed(records) if "weights_sha256" in record), ""
    )
    return (
        f"{len(records)} identical events ({kinds['sample']} samples, {kinds['epoch_finished']} epochs), "
        f"weights {weights[:12]}"
    )


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
