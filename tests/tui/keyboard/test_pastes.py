"""Pastes are cut before they are parsed, wherever the text is split."""

import random
import re

import pytest
from textual.events import Key, MouseEvent, Paste

from tui_vanish.keyboard.driver import Parser
from tui_vanish.keyboard.pastes import BEGIN, END, MOST, Pastes

LONG = "".join(chr(ord("a") + number % 26) for number in range(100_000))


@pytest.mark.parametrize("seed", range(20))
def test_the_pieces_do_not_matter(seed: int) -> None:
    source = random.Random(seed)
    text = f"ab\x1b[A{BEGIN}{LONG}\x1b[20{END}c\x1b{BEGIN}short{END}{BEGIN}{END}d"
    pastes, shortened = Pastes(), ""
    while text:
        size = source.choice([1, 2, 5, 4_096, 50_000])
        shortened += pastes.shorten(text[:size])
        text = text[size:]
    assert shortened == f"ab\x1b[A{BEGIN}{LONG[:MOST]}{END}c\x1b{BEGIN}short{END}{BEGIN}{END}d"
    assert not pastes.is_open


def test_a_paste_without_an_end_can_be_closed() -> None:
    pastes = Pastes()
    assert pastes.close() == ""
    assert pastes.shorten(f"{BEGIN}abc\x1b[20") == f"{BEGIN}abc"
    assert pastes.is_open
    assert pastes.close() == END
    assert pastes.shorten("j") == "j"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[99999999999u", []),
        ("\x1b[97;1;99999999u", []),
        ("\x1b[1114112u", []),
        ("\x1b[97u", ["a"]),
        ("m\x7fạ", ["m", "backspace", "ạ"]),
        ("\x1b[M\ufffd\ufffd!", []),
        (f"{BEGIN}abc{END}", ["<abc>"]),
        ("\x1b[<0;5;5M", ["mouse"]),
    ],
)
def test_a_sequence_that_means_nothing_is_ignored(text: str, expected: list[str]) -> None:
    parser = Parser()
    found = []
    for message in [*parser.feed(text), *parser.feed("j")]:
        if isinstance(message, Key) and message.key != "<ignore>":
            found.append(message.key)
        elif isinstance(message, Paste):
            found.append(f"<{message.text}>")
        elif isinstance(message, MouseEvent):
            found.append("mouse")
    assert found == [*expected, "j"]


@pytest.mark.parametrize("seed", range(50))
def test_no_bytes_end_the_parser(seed: int) -> None:
    source = random.Random(seed)
    parts = [
        "\x1b",
        "\x1b[",
        "<",
        ";",
        "99999999",
        "0",
        "u",
        "M",
        "m",
        "R",
        "$y",
        "?",
        "~",
        ":",
        "j",
        "\ufffd",
    ]
    parser = Parser()
    for _ in range(200):
        text = "".join(source.choices(parts, k=12))
        assert list(parser.feed(text)) is not None
    assert re.search("j$", [event.key for event in parser.feed(" " * 40 + "j") if isinstance(event, Key)][-1])
