"""The command line: what it accepts and refuses, and the output of the commands that do not train."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_vanish.cli.main import COMMANDS, main
from tui_vanish.cli.options import user_scenarios


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The error of a command line that must be refused: only on standard error, with exit code 2."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vanish-tui: ")
    return err.removeprefix("vanish-tui: ").removesuffix("\n")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--seed", "x"], ["--seed", "'x'"]),
        (["--seed", "-1"], ["--seed", "from 0"]),
        (["--threads", "0"], ["--threads", "auto or a whole number from 1"]),
        (["--refresh", "0"], ["--refresh", "above 0"]),
        (["--refresh", "nan"], ["--refresh", "'nan'"]),
        (["--device", "gpu"], ["--device", "auto, cpu, cuda or cuda:N"]),
        (["--device", "cuda:"], ["--device", "'cuda:'"]),
        (["run", "depth-3", "--epochs", "0"], ["--epochs", "from 1"]),
        (["run", "depth-3", "--epochs", "1.5"], ["--epochs", "'1.5'"]),
        (["run", "depth-3", "--see", "1"], ["--see 1"]),
        (["run"], ["one scenario"]),
        (["run", "depth-3", "--scenario", "other.toml"], ["one scenario"]),
        (["show"], ["ID|FILE"]),
        (["frobnicate"], ["'frobnicate'", "validate"]),
        (["list", "--nonsense"], ["--nonsense"]),
    ],
)
def test_wrong_use_gives_a_one_line_error(
    arguments: list[str], names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(arguments, capsys)
    assert "\n" not in message
    for name in names:
        assert name in message


def test_an_unknown_scenario_gives_the_nearest_names(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(["run", "depth7"], capsys)
    assert "'depth7'" in message
    assert "depth-7" in message
    assert "\n" not in message


def test_a_name_unlike_any_scenario_says_where_to_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "vanish-tui list" in refused(["show", "qqqqqqqq"], capsys)


def test_every_problem_of_a_bad_file_is_reported_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(
        'extends = "depth-7"\n[model]\nactivation = "sigmoyd"\nwidht = 3\n[training]\nepochs = 0\n'
    )
    message = refused(["run", str(path)], capsys)
    for key in ("model.activation", "model.widht", "training.epochs"):
        assert key in message


def test_a_bad_setting_is_refused_before_anything_trains(capsys: pytest.CaptureFixture[str]) -> None:
    assert "model.init.std" in refused(["run", "depth-3", "--set", "model.init.std=-1"], capsys)


def test_a_message_cannot_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in refused(["run", "\x1b[2Jdepth"], capsys)


def test_a_folder_without_data_is_named_in_the_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(["run", "depth-3", "--data", str(tmp_path)], capsys)
    assert str(tmp_path) in message
    assert "\n" not in message


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--version"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out.split() == ["vanish-tui", "0.1.0"]


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])
    assert leaving.value.code == 0
    words = capsys.readouterr().out.split()
    assert set(COMMANDS) <= set(words)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_text(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([command, "--help"])
    assert leaving.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: vanish-tui {command} ")


def test_the_list_has_every_scenario_under_its_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    problem = text.index("\nThe problem\n")
    assert problem < text.index("  depth-7 ") < text.index("\n1 Weight increasing\n")


def test_the_list_is_available_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    entries = {entry["id"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert entries["depth-7"]["built_in"] is True
    assert entries["depth-7"]["of_slides"] is True
    assert entries["gradnorm"]["of_slides"] is False
    assert entries["depth-7"]["problems"] == []


def test_the_list_holds_the_users_valid_and_invalid_files(capsys: pytest.CaptureFixture[str]) -> None:
    user_scenarios().mkdir(parents=True)
    (user_scenarios() / "mine.toml").write_text('extends = "depth-7"\ntitle = "A title of mine"\n')
    (user_scenarios() / "broken.toml").write_text('extends = "depth-33"\n')
    assert main(["list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "A title of mine" in lines["mine"]
    assert f"vanish-tui validate {user_scenarios() / 'broken.toml'}" in lines["broken"]


def test_show_prints_a_scenario_by_the_keys_that_set_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "init-std-1"]) == 0
    text = capsys.readouterr().out
    settings = dict(line.split(None, 1) for line in text.partition("--set\n")[2].splitlines())
    assert settings["model.init.std"] == "1.0"
    assert settings["optimizer.name"] == "sgd"
    assert "\nQuestion\n" in text
    assert "\nLesson\n" in text


def test_show_prints_the_resolved_scenario_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    import scenarios

    assert main(["show", "staged", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == scenarios.load("staged").resolved()


def test_validate_reports_valid_and_invalid_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('extends = "depth-7"\n')
    bad.write_text('extends = "depth-7"\n[optimizer]\nname = "sdg"\n')
    assert main(["validate", str(good)]) == 0
    capsys.readouterr()
    assert main(["validate", str(bad), str(good), str(tmp_path / "none.toml")]) == 2
    out, err = capsys.readouterr()
    assert out.startswith(f"{good}: valid")
    assert f"{bad}: optimizer.name" in err
    assert "none.toml: there is no such file" in err


@pytest.mark.parametrize("arguments", [["list"], ["show", "staged"], ["--help"]])
def test_a_reader_that_closes_the_output_is_not_an_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "tui_vanish", *arguments], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_locale_without_the_characters_of_a_title_is_not_an_error() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "tui_vanish", "show", "depth-7"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"depth-7" in done.stdout
