"""Keys, pastes and bytes that arrive together, in a real terminal with the real engine."""

import os
from pathlib import Path

from tests.e2e.pseudo_terminal import PATIENCE, PseudoTerminal


def error_files(state: Path) -> list[str]:
    """What was written about internal errors."""
    return [
        (folder / name).read_text(encoding="utf-8")
        for folder in [state / "vanish-tui" / "errors"]
        if folder.is_dir()
        for name in os.listdir(folder)
    ]


def test_all_that_a_burst_of_keys_changes_is_drawn(tmp_path: Path) -> None:
    with PseudoTerminal(["--data", "sample"], environment={"XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.wait_for("q quit")
        terminal.settle(PATIENCE)
        for keys in ("jjj?jjjk", "\x1b[27ujjjkkjte", "\x1b[27u\x1b[27ujj/rel", "u\x1b[27ujjWjj"):
            terminal.type(keys)
            terminal.settle(PATIENCE)
            terminal.settle(PATIENCE)
            shown = terminal.text
            terminal.screen.erase_in_display(2)
            terminal.type("\x0c")
            terminal.settle(PATIENCE)
            assert terminal.text == shown


def test_what_arrives_together_acts_in_order_and_nothing_ends_the_app(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    with PseudoTerminal(["--data", "sample"], environment=environment) as terminal:
        terminal.wait_for("q quit")
        terminal.type("/relu-he\re")
        terminal.wait_for("Edit  relu-he")
        terminal.type("\x1b")
        terminal.wait_for("/relu-he")
        terminal.type("\x1b\x1b")
        # A Latin-1 é, a report of a mouse beyond column 95, a key code without a character.
        terminal.type_bytes(b"\xe9j\x1b[M \xe9!\x1b[99999999999u")
        terminal.type("/abc\x7f\x7fX")
        terminal.wait_for("/aX")
        terminal.type("\x7f\x7fm")
        terminal.type("a\x7fạng")
        terminal.wait_for("/mạng")
        terminal.type("\x1b")
        terminal.wait_for("e edit")
        terminal.type("j" * 2_000 + "?")
        terminal.wait_for("esc back   j k scroll")
        terminal.type("\x1b")
        terminal.wait_for("Scenarios")
        terminal.type("/")
        terminal.type_bytes(b"\x1b[200~" + 100_000 * b"x" + b"\x1b[201~")
        terminal.wait_for("/xxxxxxxx")
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "/xxxxxxxx" not in text)
        terminal.type_bytes(b"x" * 100_000)
        terminal.type("?")
        terminal.wait_for("esc back   j k scroll")
        terminal.resize(1, 1)
        terminal.resize(120, 36)
        terminal.type("\x1b")
        terminal.wait_for("Scenarios")
        terminal.type("q")
        assert terminal.wait_for_end() == 0
    assert error_files(tmp_path) == []
