"""`vanish-tui watch` without a terminal, in this process."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.storage.run_log import RunLog
from tests.engine.lab import begin, make_scenario, origin, random_data, write_data
from tui_vanish.cli.main import main
from vanish_recorder.protocol.events import RunStarted


def test_a_log_whose_first_line_describes_no_run_is_answered_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(write_data(tmp_path / "data"))
    started, *_ = begin(make_scenario(), random_data())[1]
    assert isinstance(started, RunStarted)
    log = RunLog(tmp_path / "runs" / "odd", make_scenario().resolved(), 1, origin())
    log.write(replace(started, run="odd", scenario={"id": "odd"}))
    log.close()
    damage = "its log is damaged (the description has no training.loss)"
    for command in (["watch", "odd"], ["run", "--resume", "odd", "--data", data]):
        assert main([*command, "--runs-dir", str(tmp_path / "runs")]) == 2
        assert capsys.readouterr().err == f"vanish-tui: odd: {damage}\n"
