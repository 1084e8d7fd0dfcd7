"""One row of the table and one function are all that a new quantity needs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.recorder.protocol.test_events import LAYER
from tools import quantity_table

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What tests.added_quantity prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.added_quantity", str(tmp_path_factory.mktemp("runs"))],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_is_measured_and_the_log_holds_it_after_the_other_quantities(seen: dict[str, Any]) -> None:
    assert seen["keys"] == [*LAYER[:-1], "grad_max", "frozen"]
    assert seen["log"] == seen["exact"]
    assert len(seen["log"]) == 4
    assert seen["read back"]


def test_it_is_exported(seen: dict[str, Any]) -> None:
    assert seen["csv"] == seen["log"]
    assert seen["tensorboard"] == pytest.approx(seen["log"], rel=1e-6)


def test_v_shows_it_and_it_is_a_column_beside_the_bars_of_others(seen: dict[str, Any]) -> None:
    assert seen["v"] == [
        "grad_norm", "delta_norm", "update_ratio", "activation_std", "saturated", "underflow", "grad_max"
    ]  # fmt: skip
    head, first, last, *_ = seen["bars"].splitlines()
    assert head.split()[:2] == ["max", "dL/dW"]
    assert head.split()[-3:] == ["largest", "upd/W", "sat"]
    assert "1.5e-3" in first
    assert "2.5e-1" in last
    assert seen["beside"].splitlines()[0].split()[-3:] == ["grad", "largest", "upd/W"]
    assert "1.5e-3" in seen["beside"].splitlines()[1]


def test_the_heatmap_shows_it_on_its_scale(seen: dict[str, Any]) -> None:
    head, first, *_ = seen["heatmap"].splitlines()
    assert head.split()[:3] == ["max", "dL/dW", "1e-3"]
    assert len(set(first[9:].strip())) == 1


def test_the_documentation_is_asked_for_it(seen: dict[str, Any]) -> None:
    row = "| `grad_max` | largest absolute value in dL/dW | layers that train |\n"
    here, there = quantity_table.table().splitlines(True), seen["documentation"].splitlines(True)
    assert there == [*here[:-1], row, here[-1]]
