"""No message can control the terminal, and none can forget the place that makes it printable."""

import ast
import json
from pathlib import Path

import pytest

from tests.tui.lab_bench import opened
from tui_vanish.jobs.exits import RefusedError
from tui_vanish.jobs.telling import json_line_of, tell

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


def test_every_message_of_a_command_is_printed_by_tell() -> None:
    """In `__main__` nothing else can be imported yet, and `output` speaks when standard error is lost."""
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        if path.name in ("telling.py", "__main__.py", "output.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
                said = node.args[0] if node.args else None
                head = said.values[0] if isinstance(said, ast.JoinedStr) else None
                if isinstance(head, ast.Constant) and str(head.value).startswith("vanish-tui: "):
                    found.append(f"{path.name}:{node.lineno}")
    assert found == []


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
