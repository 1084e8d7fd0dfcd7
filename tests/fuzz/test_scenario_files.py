"""Random scenario files and `--set` values: valid, or invalid with printable sentences of bounded length.

Whatever one file holds, the other scenarios are listed and can be loaded.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

import scenarios
from scenarios import ScenarioError
from scenarios.index import built_in
from scenarios.problems import MOST_PROBLEMS
from scenarios.schema import Scenario
from tests.fuzz.budget import cases
from tests.fuzz.random_toml import random_file, random_override, write_companions
from tui_vanish.cli.main import main
from tui_vanish.jobs.exits import WRONG_USE
from tui_vanish.session.catalogue import Catalogue

LONGEST_LINE = 1000
NAMES = (
    "mine.toml",
    "mine.toml",
    "depth-7.toml",
    "\x1b[2J.toml",
    "a b.toml",
    "é.toml",
    "-.toml",
    "\udce9.toml",
)
EVERY = 20  # the commands are tried with one file of these many


def assert_readable(text: str, label: str) -> None:
    """Printable sentences, not too many, none too long."""
    lines = text.splitlines()
    assert len(lines) <= 2 * MOST_PROBLEMS + 4, f"{label}: {len(lines)} lines"
    assert all(line.isprintable() and len(line) <= LONGEST_LINE for line in lines), (
        f"{label}: {text[:2000]!r}"
    )


def test_a_random_file_is_valid_or_invalid_and_nothing_else_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "vanish-tui" / "scenarios"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for case in cases("scenario files", at_least=40):
        for old in folder.iterdir():
            old.unlink()
        write_companions(case.random, folder)
        path = folder / case.random.choice(NAMES)
        path.write_bytes(random_file(case.random))
        valid = True
        try:
            scenarios.load(path)
        except ScenarioError as error:
            valid = False
            assert_readable(str(error), case.label)
        entries = {entry.path: entry for entry in scenarios.entries(folder)}
        assert len(entries) == len(built_in()) + len(list(folder.iterdir())), case.label
        listed = entries[path]
        assert (not listed.problems) == (valid and path.stem != "depth-7"), case.label
        assert_readable("\n".join(map(str, listed.problems)), case.label)
        shown = Catalogue(folder).read(listed)
        if valid:
            assert isinstance(shown, Scenario), case.label
        else:
            assert isinstance(shown, str), case.label
            assert_readable(shown, case.label)
        if case.number % EVERY == 0:
            commands(path, valid, capsys, case.label)


def commands(path: Path, valid: bool, capsys: pytest.CaptureFixture[str], label: str) -> None:
    """What the commands print about a file, and how they end."""
    capsys.readouterr()
    for command in ("validate", "show"):
        code = main([command, str(path)])
        printed = capsys.readouterr()
        assert code == (0 if valid else WRONG_USE), f"{label} {command}"
        assert_readable(printed.err, f"{label} {command}")
    assert main(["list"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "", label
    assert "  depth-7 " in printed.out, label
    assert all(line.isprintable() for line in printed.out.splitlines()), label
    assert main(["list", "--json"]) == 0
    assert capsys.readouterr().err == "", label


def test_random_overrides_are_valid_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for case in cases("overrides", at_least=40):
        overrides = [random_override(case.random) for _ in range(case.random.choice([1, 1, 2, 5, 50]))]
        refused = ""
        try:
            scenarios.load("depth-7", overrides)
        except ScenarioError as error:
            refused = str(error)
            assert refused, case.label
        assert_readable(refused, case.label)
        if refused and case.number % EVERY == 0:
            options = [f"--set={override}" for override in overrides]
            assert main(["run", "depth-7", *options]) == WRONG_USE, case.label
            assert_readable(capsys.readouterr().err, case.label)


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called: bounded work, whatever the machine does besides."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 30_000 + " = 1",
        "[a" + ".a" * 30_000 + "]",
        "\n".join("a" + f".b{number}" * 100 + " = 1" for number in range(150)),
        "extends = 'depth-7'\n" + "\n".join(f"a{number} = 1" for number in range(6000)),
        "extends = 'depth-7'\n[optimizer]\nname = 'sdg'\n" + "\n".join(f"a{n} = 1" for n in range(6000)),
    ],
    ids=["a-key", "a-table", "keys", "unknown-keys", "unknown-keys-of-a-choice"],
)
def test_the_work_on_a_file_is_bounded(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")

    def load() -> None:
        with pytest.raises(ScenarioError):
            scenarios.load(path)

    scenarios.load("depth-7")  # imports what is imported once
    assert calls_of(load) < 40 * len(text)


def test_a_thousandfold_key_is_refused_in_one_sentence() -> None:
    with pytest.raises(ScenarioError) as caught:
        scenarios.load("depth-7", ["x." * 1000 + "x=1"])
    text = str(caught.value)
    assert text.endswith("has 1001 names with dots between them, expected a key such as model.init.std")
    assert_readable(text, "a thousand dots")
