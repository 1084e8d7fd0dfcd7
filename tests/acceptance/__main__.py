"""Run public scripts, unchanged, under `record`: `python -m tests.acceptance CHECKOUT [NAME...]`.

CHECKOUT is a clone of github.com/pytorch/examples. It prints a table in Markdown, and the exit code is 1 if
something is not as it should be. The scripts need torchvision. It takes some minutes.
"""

import argparse
import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from tests.acceptance.examples import EXAMPLES
from tests.acceptance.trial import Outcome, tried


def main() -> int:
    """Run the scripts and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance", description=__doc__)
    parser.add_argument("checkout", type=Path, help="a clone of github.com/pytorch/examples")
    parser.add_argument("names", nargs="*", help="of the scripts; all if left out")
    arguments = parser.parse_args()
    chosen = [each for each in EXAMPLES if not arguments.names or each.folder in arguments.names]
    if not chosen:
        parser.error(f"no such script; there are {', '.join(sorted({each.folder for each in EXAMPLES}))}")
    for each in chosen:
        if not (arguments.checkout / each.folder / "main.py").is_file():
            parser.error(f"{arguments.checkout} has no {each.folder}/main.py")
    print(f"{date.today()}, commit {_commit(arguments.checkout)}, torch {torch.__version__}\n")
    print("| script | runs | steps, measured | blocks | loss | findings |")
    print("|---|---|---|---|---|---|", flush=True)
    faults = []
    for example in chosen:
        with TemporaryDirectory() as work:
            outcome = tried(example, arguments.checkout.absolute(), Path(work).resolve())
        for line in _rows(example.name, outcome):
            print(line, flush=True)
        faults += [f"{example.name}: {fault}" for fault in outcome.faults]
    print("\n" + ("\n".join(faults) or "all as it should be"))
    return 1 if faults else 0


def _rows(name: str, outcome: Outcome) -> list[str]:
    rows = [
        f"| {name} | {seen.name} | {seen.steps}, {seen.samples} | {seen.blocks} "
        f"| {' → '.join(f'{loss:.3g}' for loss in seen.losses)} | {', '.join(seen.findings) or 'none'} |"
        for seen in outcome.runs
    ]
    said = outcome.said[-1].removeprefix("vanish-tui: ") if outcome.said else "nothing was said"
    return rows or [f"| {name} | none: {said} | | | | |"]


def _commit(checkout: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
