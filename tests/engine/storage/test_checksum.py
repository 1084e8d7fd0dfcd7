"""A checkpoint in which anything was changed, or that belongs to another run, is not used."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.storage.checkpoint import (
    CHECKPOINT,
    PREVIOUS,
    NotThisRuns,
    Unreadable,
    read_checkpoint,
    write_checkpoint,
)
from engine.storage.checksum import Checksum, identity_of
from engine.storage.origin import to_record
from tests.engine.lab import make_scenario, origin
from tests.engine.storage.test_checkpoint import checkpoint

OURS = Checksum(64 * "a", required=True)
LENGTH = len(OURS.line(b""))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path, checkpoint(2), OURS)
    return tmp_path / CHECKPOINT


def test_an_unchanged_checkpoint_is_read_also_by_a_version_that_knows_no_checksum(path: Path) -> None:
    assert read_checkpoint(path, OURS).step == 2
    assert torch.load(path, weights_only=True)["step"] == 2


def test_each_flipped_bit_is_noticed(path: Path) -> None:
    content = path.read_bytes()
    draw = random.Random(1)
    places = [*draw.sample(range(len(content)), 200), *range(len(content) - LENGTH, len(content))]
    for place in places:
        bit = 1 << draw.randrange(8)
        path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        with pytest.raises(
            Unreadable, match=r"^checkpoint.pt is damaged \((its checksum is missing|checksum)\)"
        ):
            read_checkpoint(path, OURS)


def test_a_whole_file_with_another_value_is_noticed(path: Path) -> None:
    record = torch.load(path, weights_only=True)
    next(iter(record["trainer"]["network"].values())).view(-1)[0] += 1e-7
    torch.save(record, path)
    with pytest.raises(Unreadable, match=r"is damaged \(its checksum is missing\)"):
        read_checkpoint(path, OURS)
    before = path.with_name(PREVIOUS)
    write_checkpoint(path.parent, checkpoint(3), OURS)
    path.write_bytes(before.read_bytes() + path.read_bytes()[-LENGTH:])
    with pytest.raises(Unreadable, match=r"is damaged \(checksum\)"):
        read_checkpoint(path, OURS)


def test_the_checkpoint_of_another_run_is_noticed(path: Path) -> None:
    for required in (True, False):
        with pytest.raises(
            NotThisRuns, match="belongs to a run with another scenario, seed or data: remove it,"
        ):
            read_checkpoint(path, Checksum(64 * "b", required))


def test_a_checkpoint_of_an_earlier_version_has_no_checksum(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-LENGTH])
    assert read_checkpoint(path, replace(OURS, required=False)).step == 2
    with pytest.raises(Unreadable, match="its checksum is missing"):
        read_checkpoint(path, OURS)


def test_runs_with_other_weights_have_another_identity() -> None:
    what = {"seed": 1, "scenario": make_scenario().resolved(), **to_record(origin()), "run": "one"}
    assert identity_of(what) == identity_of({**what, "run": "two", "host": "other", "command": "other"})
    others = [
        {**what, "seed": 2},
        {**what, "scenario": make_scenario({"optimizer.lr": 0.5}).resolved()},
        {**what, "data": what["data"] | {"sha256": "other"}},
        {"seed": 1, "scenario": what["scenario"]},
    ]
    assert len({identity_of(each) for each in (what, *others)}) == 1 + len(others)
