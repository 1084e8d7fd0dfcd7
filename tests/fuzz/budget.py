"""How long an exam lasts, and how a failing case is found again."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

SHORT = 3.0  # seconds per exam in `make test`
SEED = 1


@dataclass(frozen=True)
class Case:
    """One random input.

    Attributes:
        number: its place in the exam, from 0.
        random: the only source of its randomness, seeded by the seed, the exam's name and the number.
        label: what repeats exactly this case.
    """

    number: int
    random: random.Random
    label: str


def cases(exam: str, *, at_least: int = 1) -> Iterator[Case]:
    """The cases of an exam, until its seconds are spent.

    Args:
        exam: the exam's name.
        at_least: the number of cases that are tried even if the seconds are spent before.

    Yields:
        Each case; the one that `FUZZ_CASE` names, if it is set.
    """
    seed = os.environ.get("FUZZ_SEED", str(SEED))
    budget = float(os.environ.get("FUZZ_SECONDS", SHORT))
    only = os.environ.get("FUZZ_CASE")
    end = monotonic() + budget
    number = int(only) if only else 0
    while True:
        label = f"{exam}: FUZZ_SEED={seed} FUZZ_CASE={number}"
        yield Case(number, random.Random(f"{seed}/{exam}/{number}"), label)
        number += 1
        if only or (number >= at_least and monotonic() >= end):
            print(f"{exam}: {number:,} cases, seed {seed}")
            return
