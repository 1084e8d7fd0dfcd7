"""Every problem of a bad file is reported in words; the goldens hold what the user reads."""

from pathlib import Path

import pytest

import scenarios
from scenarios import ScenarioError
from tests.goldens import check
from tests.scenarios.conftest import WriteScenario


def _report(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        scenarios.load(path)
    return str(caught.value).replace(str(path.parent), "FOLDER")


BAD_FILES = {
    "many-at-once": """
        extends = "depth-7"
        titel = "A slip of the pen"
        [model]
        hidden_layers = 0
        width = "wide"
        activation = "sigmiod"
        skip = [[1, 3], [4, 9]]
        [model.init]
        std = -0.05
        [optimizer]
        lr = nan
        momentum = true
        [training]
        epoch = 10
        loss = "mse"
    """,
    "nothing-stated": "",
    "half-a-pair-without-a-parent": """
        extends = "no-such-parent"
        [model]
        hidden_layers = 7
        skip = [[1]]
    """,
    "keys-in-the-wrong-place": """
        extends = "depth-7"
        lr = 0.1
        std = 1.0
        [training]
        batch_size = 64
        [model]
        residual = 0.5
    """,
    "unknown-names": """
        extends = "depth-7"
        [model]
        norm = "batchnorm"
        [model.init]
        scheme = "kaiming"
        std = 0
        fan = "in"
        [optimizer]
        name = "adamax"
        lr = -1
        nesterov = 0.1
    """,
    "keys-of-another-choice": """
        extends = "depth-7"
        [model.init]
        scheme = "he"
        std = 0.05
        [optimizer]
        name = "adam"
        momentum = 0.9
        radius = 0.2
    """,
    "wrong-kinds": """
        extends = "depth-7"
        title = 7
        model = 3
        stages = "seven"
        [optimizer]
        name = "adam"
        betas = [0.9, 1.0, 2.0]
        eps = "small"
        [data]
        batch_size = 12.5
        name = 1979-05-27
    """,
    "wrong-items": """
        extends = "depth-7"
        [model]
        skip = [[1, 3, 5], 4, ["1", 2]]
        [[stages]]
        sub_models = [2, 5]
        [[stages]]
        sub_models = []
        train = [0]
        freeze = [1]
    """,
    "conflicts": """
        extends = "depth-7"
        [model]
        activation = "sigmoid_beta"
        norm = "batch"
        gradient = "normalised"
        skip = [[3, 1], [1, 3], [2, 3], [4, 9]]
        [data]
        batch_size = 1
        [optimizer]
        name = "sdagd"
        radius = 0.2
        [training]
        loss = "bce"
    """,
    "beta-without-its-activation": """
        extends = "depth-7"
        [model]
        beta = 0.05
    """,
    "stages-that-do-not-grow": """
        extends = "depth-7"
        [[stages]]
        sub_models = [2, 2]
        train = [1, 1]
        [[stages]]
        sub_models = [2, 3]
        train = [3]
    """,
    "unknown-parent": """
        extends = "depht-7"
        [model]
        widht = 64
    """,
    "parent-that-extends": """
        extends = "relu"
        [optimizer]
        lr = 0
    """,
    "parent-of-the-wrong-kind": "extends = 7",
    "extends-itself": 'extends = "extends-itself"',
    "its-own-id": """
        id = "other"
        extends = "depth-7"
    """,
    "not-toml": """
        extends = "depth-7"
        [model
        width = 3
    """,
    "twice-the-same-key": """
        [model]
        width = 3
        width = 4
    """,
    "control-characters": """
        extends = "depth-7"
        title = "red \\u001b[31m"
        section = ""
        "\\u001b[2J" = 1
    """,
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_every_problem_of_a_bad_file_is_reported(name: str, write: WriteScenario) -> None:
    check(f"scenarios/{name}", _report(write(name, BAD_FILES[name])))


def test_a_file_name_that_is_not_a_valid_id_is_a_problem(write: WriteScenario) -> None:
    report = _report(write("my first try!", 'extends = "depth-7"'))
    assert 'id: found "my first try!", expected a file name of at most 64 letters' in report


def test_two_files_that_extend_each_other_are_a_cycle(write: WriteScenario) -> None:
    write("egg", 'extends = "hen"')
    assert "hen: extends: egg extends this file in turn" in _report(write("hen", 'extends = "egg"')).replace(
        "FOLDER/hen.toml", "hen"
    )


def test_a_parent_that_cannot_be_read_is_a_problem_of_its_child(write: WriteScenario) -> None:
    write("parent", "[")
    report = _report(write("child", 'extends = "parent"'))
    assert "extends: cannot read the parent: " in report
    assert "is not TOML" in report


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'title = "\xff"', "is not UTF-8 text (byte 10, line 1), expected TOML in UTF-8"),
        (b"# " + b"x" * 70_000, "is larger than 64 kB, expected a scenario file of a few kB"),
        (b"x = " + b"[" * 5000, "is nested too deeply, expected tables such as [model.init]"),
        (b"x = " + b"{a = " * 100 + b"1" + b"}" * 100, "is nested too deeply, expected tables such as"),
        (b"a" + b".a" * 100 + b" = 1", "is nested too deeply, expected tables such as [model.init]"),
        (
            b"a" + b".a" * 1000 + b" = 1",
            "has too many dots in one line, expected tables such as [model.init]",
        ),
        (
            b"[a" + b".a" * 30_000 + b"]",
            "has too many dots in one line, expected tables such as [model.init]",
        ),
        (b"x = " + b"9" * 5000, "is not TOML: "),
        (b"[model]\nwidth = 0x" + b"9" * 5000, "is not TOML: a whole number has more than 64 bits"),
        (b"x = [[1, {a = -9223372036854775809}]]", "is not TOML: a whole number has more than 64 bits"),
        (b"x = ", "is not TOML: Invalid value (at end of document)"),
        (b"\n\nx = ?", "is not TOML: Invalid value (at line 3, column 5)"),
    ],
    ids=[
        "not-utf-8",
        "too-large",
        "too-deep",
        "tables-too-deep",
        "a-key-too-deep",
        "too-many-dots",
        "too-many-dots-in-a-table",
        "too-long-a-number",
        "too-long-a-hexadecimal-number",
        "a-number-of-65-bits",
        "cut-short",
        "wrong-in-line-3",
    ],
)
def test_a_file_that_is_not_toml_is_reported_with_the_place(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    assert _report(path).startswith(f"FOLDER/mine.toml: {message}")


def test_a_folder_is_not_a_scenario_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert _report(tmp_path / "folder") == "FOLDER/folder: is a folder, expected a scenario file"


def test_a_device_is_not_a_scenario_file() -> None:
    assert _report(Path("/dev/null")).endswith("is not a regular file, expected a scenario file")


def test_a_missing_file_gives_one_message(tmp_path: Path) -> None:
    assert _report(tmp_path / "nowhere.toml") == "FOLDER/nowhere.toml: there is no such file"


def test_an_impossible_file_name_gives_one_message() -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        scenarios.load(Path("a\0b.toml"))


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'\xef\xbb\xbfextends = "depth-7"\r\nlesson = """one\r\ntwo"""\r\n')
    assert scenarios.load(path).lesson == "one two"


def test_an_unknown_scenario_gives_the_nearest_names() -> None:
    with pytest.raises(scenarios.UnknownScenario) as caught:
        scenarios.load("batch-norm")
    assert caught.value.nearest[0] == "batchnorm"
    assert str(caught.value).startswith("batch-norm: there is no such scenario; did you mean batchnorm")
    with pytest.raises(scenarios.UnknownScenario) as caught:
        scenarios.load("nothing")
    assert caught.value.nearest == (), "no name is similar"


def test_a_name_unlike_any_scenario_says_where_they_are_listed() -> None:
    with pytest.raises(scenarios.UnknownScenario, match=r"expected an id that `vanish-tui list` shows"):
        scenarios.load("????")
