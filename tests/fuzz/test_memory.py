"""What random keys on every screen leave behind in memory: printed, and bounded in the long form."""

import os
import random
from collections import Counter
from pathlib import Path
from time import monotonic

import pytest

from tests.fuzz.budget import SEED
from tests.fuzz.memory import Look, growth, looks, report

_ENOUGH = 8  # looks: 16,000 keys, of which the last 10,000 count
_BYTES = 10_000_000  # that 10,000 keys may add: caches fill up; screens that were kept added more


@pytest.mark.skipif("FUZZ_SECONDS" not in os.environ, reason="takes minutes: make fuzz, or FUZZ_SECONDS=600")
async def test_keys_leave_no_memory_behind(tmp_path: Path) -> None:
    seed, end = os.environ.get("FUZZ_SEED", str(SEED)), monotonic() + float(os.environ["FUZZ_SECONDS"])
    seen: list[Look] = []
    async for look in looks(random.Random(seed), tmp_path, lambda _: monotonic() < end):
        seen.append(look)
    print(f"memory, seed {seed}\n{report(seen)}")
    if len(seen) >= _ENOUGH:
        size, _ = growth(seen)
        assert size < _BYTES, report(seen)


def test_growth_is_the_slope_after_the_warm_up() -> None:
    def at(keys: int, resident: int, objects: int) -> Look:
        return Look(keys, resident, objects, Counter({"Kept": objects}))

    warm_up = [at(2_000, 10, 1), at(4_000, 500, 900), at(6_000, 800, 950)]
    flat = [at(keys, 1_000, 1_000) for keys in range(8_000, 20_001, 2_000)]
    grows = [at(keys, 1_000 + 3 * keys, 1_000 + keys) for keys in range(8_000, 20_001, 2_000)]
    assert growth([*warm_up, *flat]) == pytest.approx((0, 0))
    assert growth([*warm_up, *grows]) == pytest.approx((30_000, 10_000))
    assert "10,000 add 30,000 bytes and 10,000 objects" in report([*warm_up, *grows])
    assert "more of: Kept 12,000" in report([*warm_up, *grows])
