"""Sentences in the code of the screens and of the command line go through the catalogue."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_architecture import ROOT
from tools.messages import WORDS
from tools.messages_below import SPEAK_ENGLISH

# What no person reads, or reads in English: names of styles and events, tables that the tool collects itself.
NO_SENTENCES = (*(f"{package}/" for package in SPEAK_ENGLISH), "tui_vanish/actions.py")
# Calls whose texts are no sentences, or are translated where they are shown.
SILENT = {*WORDS, "Action", "Binding", "FrameLine", "Knob", "getattr", "query_one", "paragraph"}
# Names of what the code does, which are translated where they are shown.
NAMES = {
    'eval "$(vanish-tui completion bash)"',
    'eval "$(vanish-tui completion zsh)"',
    "by signal",
    "hide recorded",
    "in no block",
    "leave running",
    "next page",
    "next stage",
    "next station",
    "no lines",
    "not built",
    "open the file",
    "over time",
    "run again",
    "stop all",
    "take over",
    "Made here",
    "Your models",
    "Tiếng Việt",
}
# What the packages below say as well, and errors that only an engineer sees.
ENGLISH = {
    "module … has no attribute …",
    "… has other parameters in this version of Textual",
    "… needs …: pip install …",
    "… in this folder takes the place of Python's own module …: start vanish-tui in another folder, or rename"
    " the file",
    "… (over something else)",
    "…\nPython …\n\n…",
    "the run did not start",
    "no process could be started: …",
    "the form has no notation for …",
    "ChopsUpdate has other attributes in this version of Textual",
    "XTermParser has other methods in this version of Textual",
}
# Command lines, titles of slides, keys of lists, and words that are the same in both languages.
_SAME = re.compile(
    r"[-─ ]*(vanish-tui|python|tensorboard|tmux)\b.*|Fashion-MNIST.*|Adam, Algorithm 1"
    r"|(block|tensor) …|[ (·]*(loss|std|gain|beta|max|train|L = −log) ….*"
)
_WORDS = re.compile(r"[A-Za-zÀ-ỹ]{2,}[,;:.]? [A-Za-z(…]{2,}|… [a-z]{3,}|[a-z]{3,} …")
_CSS = re.compile(
    r"[{}]\s|^\s*[#.$&]|: \$|^b (true|false)$"
    r"|</?\w+[ >…]|@media |^default-src |^'DejaVu Sans|^translate\(|^class=|^viewBox="  # of a report
)


def sources() -> list[Path]:
    return [
        path
        for path in sorted((ROOT / "tui_vanish").rglob("*.py"))
        if not path.relative_to(ROOT).as_posix().startswith(NO_SENTENCES)
    ]


def unwrapped(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts of several words that are in no call of the catalogue's functions."""
    spared = set(_spared(tree))
    for node in ast.walk(tree):
        if id(node) in spared:
            continue
        match node:
            case ast.Constant(value=str(text)):
                pass
            case ast.JoinedStr(values=values):
                text = "".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in values)
            case _:
                continue
        if _WORDS.search(text) and not _CSS.search(text):
            yield node.lineno, text


def _spared(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as text):  # docstrings
                yield id(text)
            case ast.JoinedStr(values=values):
                yield from (id(each) for each in values if isinstance(each, ast.Constant))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in SILENT:
                yield from (id(each) for part in (*node.args, *node.keywords) for each in ast.walk(part))
            case ast.keyword(arg="classes", value=value):
                yield id(value)
            case ast.Assign(targets=[ast.Name(id="HELP" | "DEFAULT_CSS" | "CSS")], value=value):
                yield id(value)
            case ast.arg(annotation=ast.expr() as annotation) | ast.AnnAssign(annotation=annotation):
                yield from map(id, ast.walk(annotation))
            case ast.FunctionDef(returns=ast.expr() as annotation):
                yield from map(id, ast.walk(annotation))
            case ast.Dict(keys=keys):
                yield from map(id, keys)
            case ast.Compare():
                yield from map(id, ast.walk(node))


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_sentence_goes_through_the_catalogue(path: Path) -> None:
    found = unwrapped(ast.parse(path.read_text(encoding="utf-8")))
    spared = NAMES | ENGLISH
    assert [(line, text) for line, text in found if text not in spared and not _SAME.fullmatch(text)] == []


def test_a_sentence_that_is_not_wrapped_is_found() -> None:
    code = 'notify("Saved it here.")\nnotify(tr("Saved it there."))\nnotify(f"Saved as {path} now")'
    assert list(unwrapped(ast.parse(code))) == [(1, "Saved it here."), (3, "Saved as … now")]
