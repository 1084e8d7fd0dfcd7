"""The sentences of the packages below the screen, which speak English; see tui_vanish.language.below.

They are not marked in the sources: every text of several words counts, and an f-string is a template.
"""

import ast
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tui_vanish.language.below import BEFORE

ROOT = Path(__file__).parent.parent
# The packages below, and what also writes JSON or speaks in a process of its own.
SPEAK_ENGLISH = (
    "engine",
    "scenarios",
    "vanish_recorder",
    "tui_vanish/jobs",
    "tui_vanish/sweeps",
    "tui_vanish/cli/doctor",
)
# The scripts that watch a model print these, in English; or they are only for the documents.
LEFT_OUT = (
    "vanish_recorder/__init__.py",
    "vanish_recorder/automatic/",
    "vanish_recorder/surroundings.py",
    "vanish_recorder/watching.py",
    "vanish_recorder/protocol/quantities.py",
    "vanish_recorder/protocol/quantity.py",
    "scenarios/theory/",
    "engine/export/modules.py",  # source text, as is that of the scripts
    "engine/export/script",
    "scenarios/variants.py",  # titles of variants, which go into files
)
_WORDS = re.compile(r"[A-Za-z}]{2,}[,;:.]? [A-Za-z{(]")
_TYPE = re.compile(r"^[A-Za-z]+\[.*\]$")
_LEAST_LETTERS = 5  # of a template besides its values: one with fewer would fit everything
_PARTS = ("{first} and {last}", "nothing")  # of sentences


def sentences() -> Iterator[tuple[str, str]]:
    """Each sentence, with the file that it is in."""
    yield from _verdicts()
    yield from _tables()
    for package in SPEAK_ENGLISH:
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            if not where.startswith(LEFT_OUT):
                yield from ((where, text.lstrip(BEFORE)) for text in _texts_of(path))


def _verdicts() -> Iterator[tuple[str, str]]:
    path = ROOT / "engine" / "assets" / "verdicts.toml"
    where = path.relative_to(ROOT).as_posix()
    for text in _strings(tomllib.loads(path.read_text(encoding="utf-8"))):
        yield where, text
    for part in _PARTS:
        yield where, part


def _strings(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict) and name != "try":
            yield from _strings(value)


def _tables() -> Iterator[tuple[str, str]]:
    """Words that are values of data."""
    from vanish_recorder.protocol.quantities import QUANTITIES
    from vanish_recorder.protocol.status import Status
    from vanish_recorder.protocol.structure import STATES

    for quantity in QUANTITIES.values():
        yield "vanish_recorder/protocol/quantities.py", quantity.words
        yield "vanish_recorder/protocol/quantities.py", quantity.meaning
    for status in Status:
        yield "vanish_recorder/protocol/status.py", str(status)
    for reason in ("by signal", "by hand"):  # why a run is paused
        yield "tui_vanish/suspension.py", reason
    for state in ("handing over", "abandoned", "recorded"):
        yield "engine/storage/run_index.py", state
    for text in STATES.values():
        yield "vanish_recorder/protocol/structure.py", text


def _texts_of(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = set(_no_texts(tree))
    for node in ast.walk(tree):
        if id(node) not in inner:
            yield from filter(_is_sentence, _templates(node))


def _no_texts(tree: ast.AST) -> Iterator[int]:
    """Docstrings, parts of f-strings, and annotations."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as constant):
                yield id(constant)
            case ast.JoinedStr():
                yield from (id(each) for each in ast.walk(node) if each is not node)
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                yield from map(id, ast.walk(annotation))
            case ast.FunctionDef(returns=ast.expr() as annotation):
                yield from map(id, ast.walk(annotation))


def _templates(node: ast.AST) -> Iterator[str]:
    """A text with its values named in braces, in each of its forms: `run{'s' if several else ''}` has two."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            names: dict[str, str] = {}
            yield from map("".join, itertools.product(*(_forms(each, names) for each in values)))


def _forms(part: ast.expr, names: dict[str, str]) -> tuple[str, ...]:
    match part:
        case ast.Constant(value=str(text)):
            return (text.replace("{", "{{").replace("}", "}}"),)
        case ast.FormattedValue(
            value=ast.IfExp(body=ast.Constant(value=str(one)), orelse=ast.Constant(value=str(other)))
        ):
            return (one, other)
        case _:
            return (f"{{{_named(part, names)}}}",)


def _named(value: ast.expr, names: dict[str, str]) -> str:
    """A name for a value that no other value of the template has."""
    code = ast.unparse(value)
    base = name = _name(value.value if isinstance(value, ast.FormattedValue) else value)
    number = 2
    while names.setdefault(name, code) != code:
        name, number = f"{base}{number}", number + 1
    return name


def _name(value: ast.expr) -> str:
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_")
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=inner) | ast.Subscript(value=inner) | ast.BinOp(left=inner):
            return _name(inner)
        case _:
            return "value"


def _is_sentence(text: str) -> bool:
    literal = re.sub(r"\{[^}]*\}", "", text)
    letters = sum(map(str.isalpha, literal))
    return (
        bool(_WORDS.search(text)) and "\n" not in text and not _TYPE.match(text) and letters >= _LEAST_LETTERS
    )
