"""A sweep whose description is damaged cannot be continued, and every problem of it has its own line."""

import json
from pathlib import Path

import pytest

from tests.tui.map.sweeps import make
from tui_vanish.cli.main import main


def test_each_problem_of_a_damaged_sweep_is_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make(tmp_path / "runs", "model.hidden_layers=1,2", "optimizer.lr=0.1,1")
    file = folder.path / "sweep.json"
    record = json.loads(file.read_text())
    for axis in record["grid"]:
        axis["values"][0] = "\x1b[2J"
    file.write_text(json.dumps(record))
    assert main(["sweep", "--resume", str(folder.path), "--runs-dir", str(tmp_path / "runs")]) == 2
    first, *problems = capsys.readouterr().err.splitlines()
    assert first == f"vanish-tui: {folder.path.name} cannot be continued: --grid: 2 problems"
    assert [problem.split(":")[0].strip() for problem in problems] == ["model.hidden_layers", "optimizer.lr"]
    assert "\x1b" not in "".join(problems)
