"""No message can control the terminal, and none can forget the place that makes it printable."""

import ast
import json
from pathlib import Path

import pytest

from tests.tui.lab_bench import opened
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import json_line_of, say, tell

SOURCES = Path(__file__).parents[3] / "tui_vanish"
EVIL = "a\x1b]0;title\x07b\x9b2Jc\u202ed\x7f\ud800"


def test_a_message_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    tell(f"first {EVIL}\nsecond")
    first, second, end = capsys.readouterr().err.split("\n")
    assert first == r"vanish-tui: first a\x1b]0;title\x07b\x9b2Jc\u202ed\x7f\ud800"
    assert (second, end) == ("second", "")


def test_a_json_line_is_printable_and_the_same_json() -> None:
    line = json.dumps({"run": EVIL, "text": "σ′ ≤ 1/4"}, ensure_ascii=False)
    assert json_line_of(line).isprintable()
    assert "σ′ ≤ 1/4" in json_line_of(line)
    assert json.loads(json_line_of(line)) == json.loads(line)


def test_what_a_command_prints_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"first {EVIL}\nsecond")
    say(EVIL, error=True, end="")
    out, error = capsys.readouterr()
    assert out == "first a\\x1b]0;title\\x07b\\x9b2Jc\\u202ed\\x7f\\ud800\nsecond\n"
    assert error == r"a\x1b]0;title\x07b\x9b2Jc\u202ed\x7f\ud800"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--set", "x" * 60_000],
        ["run", "depth-3", "--epochs", "9" * 60_000],
        ["run", "--resume", "9" * 60_000],
        ["watch", "9" * 60_000],
        ["9" * 60_000],
        ["run", "depth-3", "--set", f"model.width=0x{'9' * 60_000}"],
    ],
)
def test_a_message_about_a_long_argument_is_short(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    from tui_vanish.cli import main as cli

    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert 20 < len(error) < 2_100
    assert error.startswith("vanish-tui: ")
    assert error.count("\n") == 1


def test_every_command_prints_by_say_and_tell() -> None:
    """In `__main__` nothing else can be imported yet, and `output` speaks when standard error is lost.

    `completion` prints a script for a shell, with its tabs.
    """
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted(SOURCES.rglob("*.py"))
        if path.name not in ("telling.py", "__main__.py", "output.py", "completion.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert found == []


def test_the_doctor_prints_no_escape_sequence_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from tui_vanish.cli import main as cli

    evil = "a\x1b]0;title\x07b"
    (tmp_path / evil).mkdir()
    for name in ("TERM", "COLORTERM", "SSH_CONNECTION", "TMUX"):
        monkeypatch.setenv(name, evil)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / evil))
    cli.main(["doctor", "--runs-dir", str(tmp_path / evil), "--data", str(tmp_path / evil)])
    out = capsys.readouterr().out
    assert r"a\x1b]0;title\x07b" in out
    assert all(c.isprintable() or c == "\n" for c in out)


@pytest.mark.parametrize("markup", [True, False])
async def test_a_message_of_the_app_is_printable(markup: bool, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.app.notify(f"saved in {EVIL}", title=EVIL, markup=markup)
        await bench.settle()
        assert r"saved in a\x1b]0;title\x07b" in bench.text
        assert all(c.isprintable() or c == "\n" for c in bench.text)


def test_a_refusal_is_printable(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from tui_vanish.cli import main as cli

    def refuse(_: object) -> int:
        raise RefusedError(f"no folder {EVIL}")

    monkeypatch.setattr(cli, "_dispatch", refuse)
    assert cli.main(["runs"]) == 2
    assert capsys.readouterr().err[:-1].isprintable()
