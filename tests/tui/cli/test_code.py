"""`vanish-tui code` prints or writes the script of a scenario."""

import ast
import shlex
import tomllib
from pathlib import Path

import pytest

from tui_vanish.cli.main import main


def test_it_prints_the_script_with_the_command_that_wrote_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", "relu", "--set", "optimizer.lr=0.05"]) == 0
    text = capsys.readouterr().out
    compile(text, "relu.py", "exec")
    assert "Written by: vanish-tui code relu --set optimizer.lr=0.05\n" in text
    assert "torch.optim.SGD(model.parameters(), lr=0.05)" in text


def test_it_writes_a_file_and_replaces_one_only_when_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "adam.py"
    assert main(["code", "adam", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"script written: {path}\n"
    compile(path.read_text(encoding="utf-8"), str(path), "exec")
    assert main(["code", "relu", "-o", str(path)]) == 2
    assert "already exists" in capsys.readouterr().err
    assert "Adam" in path.read_text(encoding="utf-8")
    assert main(["code", "relu", "-o", str(path), "--force"]) == 0
    assert "ReLU" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("title", [r"'\N'", r"'C:\'", '"""a"""', r'"\"\"\"; raise SystemExit"'])
def test_no_title_and_no_command_breaks_the_script(title: str, capsys: pytest.CaptureFixture[str]) -> None:
    override = f"title={title}"
    assert main(["code", "depth-7", "--set", override]) == 0
    module = ast.parse(capsys.readouterr().out)
    text = ast.get_docstring(module)
    assert text is not None
    assert text.startswith(tomllib.loads(override)["title"] + ": 7 hidden layers")
    assert shlex.join(["vanish-tui", "code", "depth-7", "--set", override]) in text


def test_a_run_gives_its_scenario_and_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["code", "recorded:adam"]) == 0
    text = capsys.readouterr().out
    assert "torch.optim.Adam(" in text
    assert '"--seed", type=int, default=42' in text
    assert main(["code", "recorded:adam", "--set", "optimizer.lr=1"]) == 2
    assert "recorded:adam is a run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plain-20"], "no script yet for networks of the kind cnn"),
        (["depth-8"], "there is no scenario and no run 'depth-8'"),
        (["depth-7", "--set", "model.width=0"], "model.width"),
        (["depth-7", "-o", "/nowhere/x.py"], "/nowhere/x.py: there is no folder /nowhere"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["code", *arguments]) > 0
    errors = capsys.readouterr().err
    assert said in errors
    assert "Traceback" not in errors
