"""What the documents say about the project is true, and the words are ones that a reader knows."""

import ast
import re
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.test_architecture import FLOOR

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PACKAGES = ("vanish_recorder", "scenarios", "engine", "tui_vanish", "tools", "tests")

# Phrases that a reader who learnt English at school has to translate, each with what to write instead.
BANNED = {
    r"\bnobody\b": "no process, no user, …",
    r"\banew\b": "again, from the start",
    r"\b(?:goes|go|going|went|gone) on\b(?! (?:the|a|to the) )": "continue",
    r"\bstands (?:in|on|beside|behind|under|above|at|there|still)\b": "is shown, is in, does not move",
    r"\bwho(?:so)?ever\b": "the user, the process that",
    r"\blikewise\b": "repeat what is meant",
    r"\bput right\b": "fix",
    r"\b(?:take|takes|took|taking|hands on) the wheel\b": "change by hand",
    r"\bgravest\b": "most severe",
    r"\bgravity\b": "severity",
    r"\bis no (?:traceback|failure|error|crash)\b": "does not …",
    r"\b(?:is|are) dear\b": "is costly",
    r"\bamiss\b": "wrong",
    r"\blest\b": "so that … not",
    r"\bthereby\b": "so",
    r"\bnothing else than\b": "only",
    r"\bbut for\b": "except",
    r"\bas it stands\b": "as it is",
    r"\bof somebody else's\b": "of another user",
    r"\bshall it\b": "a question without shall",
}
# The same for the names of functions, classes, attributes and variables, in words.
BANNED_IN_NAMES = {
    r"\bnobody\b": "no run, no process, …",
    r"\bobey(?:s|ed)?\b": "on_signal, …",
    r"\b(?:go|goes|going|went|gone) on\b": "continue, advance",
    r"\b(?:stand|stands|stood)\b": "is shown, comes first, …",
    r"\b(?:take|takes|took|taking) the wheel\b": "change by hand",
    r"\b(?:gravest|gravity)\b": "most severe, severity",
    r"\btouched\b": "modified",
    r"\bthaw(?:s|ed|ing)?\b": "unfreeze, train again",
    r"\b(?:shelf|lookout)\b": "what it holds or does",
    r"\bamiss\b": "wrong",
    r"\bbut for\b": "except",
    r"\b(?:whoever|likewise|lest|thereby)\b": "what is meant",
}
_BANNED = {re.compile(pattern, re.IGNORECASE): instead for pattern, instead in BANNED.items()}
_BANNED_IN_NAMES = {re.compile(pattern): instead for pattern, instead in BANNED_IN_NAMES.items()}


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """The nodes of a source; two tests read all of them."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def texts() -> Iterator[tuple[str, str]]:
    """Every text that a person reads, with where it is: documents, data, strings and comments."""
    for path in DOCUMENTS:
        yield path.name, re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.toml")):
            for text in _strings(tomllib.loads(path.read_text(encoding="utf-8"))):
                yield str(path.relative_to(ROOT)), text
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT)
            for node in nodes(path):
                if not isinstance(node, ast.Constant) or path == Path(__file__):
                    continue
                if isinstance(node.value, str):
                    yield f"{where}:{node.lineno}", node.value
            with path.open("rb") as file:
                for token in tokenize.tokenize(file.readline):
                    if token.type == tokenize.COMMENT:
                        yield f"{where}:{token.start[0]}", token.string


def names() -> Iterator[tuple[str, str]]:
    """Every name that the sources define, with where it is."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in nodes(path):
                match node:
                    case (
                        ast.FunctionDef(name=name)
                        | ast.AsyncFunctionDef(name=name)
                        | ast.ClassDef(name=name)
                        | ast.Name(id=name, ctx=ast.Store())
                        | ast.Attribute(attr=name, ctx=ast.Store())
                        | ast.arg(arg=name)
                    ):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", name


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def banned_in(text: str) -> list[str]:
    """The banned phrases in a text, each with what to write instead."""
    words = " ".join(text.split())
    return [
        f"{match.group()!r}: {instead}"
        for pattern, instead in _BANNED.items()
        for match in pattern.finditer(words)
    ]


def banned_in_name(name: str) -> list[str]:
    """The banned words in a name, which is split at `_` and at capitals; each with what to write instead."""
    words = " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)).lower()
    return [
        f"{match.group()!r}: {instead}"
        for pattern, instead in _BANNED_IN_NAMES.items()
        for match in pattern.finditer(words)
    ]


def test_no_text_has_a_banned_phrase() -> None:
    assert [f"{where}: {found}" for where, text in texts() for found in banned_in(text)] == []


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Nobody trains it.", "Nobody"),
        ("The run goes on.", "goes on"),
        ("It stands in the list.", "stands in"),
        ("Train it anew.", "anew"),
        ("ctrl+c is no\ntraceback", "is no traceback"),
    ],
)
def test_a_banned_phrase_is_found(text: str, phrase: str) -> None:
    assert [each.partition(":")[0] for each in banned_in(text)] == [repr(phrase)]


def test_no_name_has_a_banned_word() -> None:
    assert [f"{where}: {name}: {found}" for where, name in names() for found in banned_in_name(name)] == []


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("_obey", "obey"),
        ("holds_nobody_up", "nobody"),
        ("GravestFinding", "gravest"),
        ("_WENT_ON", "went on"),
        ("thawedLayers", "thawed"),
    ],
)
def test_a_banned_word_in_a_name_is_found(name: str, word: str) -> None:
    assert [each.partition(":")[0] for each in banned_in_name(name)] == [repr(word)]


def test_every_file_that_a_document_names_is_there() -> None:
    pattern = re.compile(r"`((?:engine|tui_vanish|scenarios|tests|tools|docs)/[\w./-]*)`")
    missing = [
        f"{path.name}: {name}"
        for path in DOCUMENTS
        for name in pattern.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert missing == []


def test_the_readme_explains_every_room() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## How it is built")[2].partition("\n## ")[0]
    rooms = [
        path.name
        for room in FLOOR
        if (path := ROOT / room.replace(".", "/")).is_dir() and path.parent.name in ("engine", "tui_vanish")
    ]
    assert len(rooms) > 20
    assert [name for name in rooms if f"`{name}/`" not in section] == []


def test_a_long_source_says_why_it_is_long() -> None:
    """At most 300 lines per file, or a module docstring that gives the reason in a second paragraph."""
    long = [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > 300
    ]
    unexplained = []
    for path in long:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if "\n\n" not in docstring:
            unexplained.append(str(path.relative_to(ROOT)))
    assert unexplained == []
