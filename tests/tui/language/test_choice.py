"""Which language the program speaks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_vanish.language.choice import asked_for, of_environment, of_locale
from tui_vanish.session.preferences import Preferences, preferences_file, remember

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        ([], ""),
        (["--lang", "vi"], "vi"),
        (["list", "--lang=en"], "en"),
        (["--lang", "vi", "run", "--lang", "en"], "en"),
        (["--lang", "fr"], ""),
        (["--lang"], ""),
        (["record", "--", "python", "train.py", "--lang", "vi"], ""),
    ],
)
def test_the_option_names_it(arguments: list[str], language: str) -> None:
    assert asked_for(arguments) == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "vi"}, "vi"),
        ({"LC_ALL": "", "LANG": "vi_VN"}, "vi"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_locale_names_it(environment: dict[str, str], language: str) -> None:
    assert of_locale(environment) == language


def test_our_variable_names_it() -> None:
    assert of_environment({"VANISH_TUI_LANG": "vi"}) == "vi"
    assert of_environment({"VANISH_TUI_LANG": "xx"}) == ""


def said(*arguments: str, **environment: str) -> str:
    """What the command line says about a wrong command."""
    done = subprocess.run(
        [sys.executable, "-m", "tui_vanish", *arguments, "nonsense"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "VANISH_TUI_LANG"} | environment,
        check=False,
    )
    assert done.returncode == 2
    return done.stderr


def test_the_option_comes_before_the_variable_the_last_choice_and_the_locale() -> None:
    english, vietnamese = "invalid choice", "lựa chọn không hợp lệ"
    assert english in said(LC_ALL="C.UTF-8")
    assert vietnamese in said(LC_ALL="vi_VN.UTF-8")
    remember(preferences_file(), Preferences(language="vi"))
    assert vietnamese in said(LC_ALL="C.UTF-8")
    assert english in said(LC_ALL="C.UTF-8", VANISH_TUI_LANG="en")
    assert vietnamese in said("--lang", "vi", VANISH_TUI_LANG="en")


def test_json_is_the_same_in_both_languages() -> None:
    both = [
        subprocess.run(
            [sys.executable, "-m", "tui_vanish", "--lang", language, "list", "--json"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        ).stdout
        for language in ("en", "vi")
    ]
    assert both[0] == both[1]
    assert json.loads(both[0])
