"""The catalogue of translations is whole: every sentence of the code, with its values."""

import ast
import re
import string
import unicodedata
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from rich.cells import cell_len

from tools.messages import FOLDER, collected, read, text_of
from tui_vanish.cli.language import ARGPARSE_SAYS
from tui_vanish.language.catalogue import compiled, entries, load

CATALOG = read("vi")
MESSAGES = [message for message in CATALOG if message.id]
PRINTF = re.compile(r"%(?:\(\w+\))?[sdr]")


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def values_of(text: str) -> set[str]:
    """The names in braces, and argparse's places for values."""
    if PRINTF.search(text):
        return set(PRINTF.findall(text))
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_sentence_has_a_translation() -> None:
    """After a sentence was changed, `make messages` adds it to the catalogue; here it is missing or empty."""
    known = {(message.context, message.id): message for message in MESSAGES}
    wanted = [(message.context, message.id) for message in collected() if message.id]
    missing = [key for key in wanted if key not in known or not all(forms(known[key]))]
    assert missing == []
    assert len(wanted) > 300


def test_the_catalogue_is_as_the_tool_writes_it() -> None:
    catalog = read("vi")
    catalog.update(collected(), no_fuzzy_matching=True)
    assert (FOLDER / "vi.po").read_text(encoding="utf-8") == text_of(catalog)


def test_no_translation_waits_for_a_check() -> None:
    assert [message.id for message in MESSAGES if message.fuzzy] == []


def test_no_translation_loses_a_value() -> None:
    for message in MESSAGES:
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for form in forms(message):
            assert values_of(form) == values_of(source), source


def test_translations_are_composed_and_one_cell_per_letter() -> None:
    for message in MESSAGES:
        for form in forms(message):
            assert unicodedata.is_normalized("NFC", form), form
            assert cell_len(form) == len(form.replace("\n", "")), form


def test_a_translation_ends_like_its_sentence() -> None:
    """A full stop, a colon or a space that is lost is visible on the screen."""
    for message in MESSAGES:
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for form in forms(message):
            for mark in ".:?! ":
                assert form.endswith(mark) == source.endswith(mark), (source, form)


def test_the_text_and_the_compiled_catalogue_say_the_same(tmp_path: Path) -> None:
    """A checkout compiles the text itself; the wheel has what Babel compiles."""
    from io import BytesIO

    from babel.messages.mofile import read_mo, write_mo

    text = (FOLDER / "vi.po").read_text(encoding="utf-8")
    theirs = BytesIO()
    write_mo(theirs, CATALOG)
    theirs.seek(0)
    ours = read_mo(BytesIO(compiled(entries(text))))
    expected = read_mo(theirs)
    assert {(each.context, str(each.id)): each.string for each in ours if each.id} == {
        (each.context, str(each.id)): each.string for each in expected if each.id
    }


def test_the_catalogue_loads_without_babel() -> None:
    assert load("vi").gettext("Help") == "Trợ giúp"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('msgid "a"\nmsgstr "b"', {"a": "b"}),
        ('msgid ""\n"a "\n"b"\nmsgstr "c\\nd"', {"a b": "c\nd"}),
        ('msgctxt "key"\nmsgid "a \\"q\\""\nmsgstr "b"', {'key\x04a "q"': "b"}),
        ('msgid "one"\nmsgid_plural "many"\nmsgstr[0] "n"', {"one\0many": "n"}),
        ('#, fuzzy\nmsgid "a"\nmsgstr "b"', {}),
        ('msgid "a"\nmsgstr ""', {}),
        ('#: x.py\n# a note\nmsgid "a\\\\b"\nmsgstr "b"', {"a\\b": "b"}),
    ],
)
def test_an_entry_is_read(text: str, found: dict[str, str]) -> None:
    assert entries(text) == found


def test_the_common_words_of_argparse_are_translated() -> None:
    import argparse

    source = Path(argparse.__file__).read_text(encoding="utf-8")
    its_own = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {"usage: ", "options", "unrecognized arguments: %s"} <= its_own & set(ARGPARSE_SAYS)
