"""Collect the sentences of the program into the catalogues of their translations.

`make messages` runs it after a sentence was changed; what is new in a catalogue has no translation then.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tools import messages_below

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tui_vanish" / "language"
# The functions that a sentence is given to: which argument is its context, then which are its forms.
WORDS: dict[str, tuple[int | None, ...]] = {
    "tr": (None, 0),
    "marked": (None, 0),
    "plural": (None, 0, 1),
    "tr_in": (0, 1),
    "marked_in": (0, 1),
}
HEADER = """\
# The sentences of vanish-tui in Vietnamese. docs/glossary-vi.md says which word is used for what.
# `make messages` adds the sentences that are new, and drops those that are gone."""

_WORD = re.compile("[a-z]{2}")

Found = tuple[str, str | tuple[str, ...], str | None]  # where, the message or its two forms, the context


def sentences() -> Iterator[Found]:
    """Every sentence that is translated in a catalogue."""
    for path in sorted((ROOT / "tui_vanish").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = (*_calls(tree, where), *_help_texts(tree), *_knob_texts(tree), *_frame_titles(tree))
        for message, context in found:
            yield where, message, context
    yield from tables()
    for where, text in messages_below.sentences():
        yield where, text, "below"


def _calls(tree: ast.AST, where: str) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """The messages in calls such as `tr("Saved as {path}", path=path)`, also inside f-strings.

    A message in a variable is collected where it is marked. One that is built of parts cannot be translated.
    """
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WORDS):
            continue
        context, *places = WORDS[node.func.id]
        texts = [node.args[place] for place in places if place is not None]
        if any(isinstance(text, ast.JoinedStr | ast.BinOp) for text in texts):
            raise SystemExit(f"{where}:{node.lineno}: a message is built here; name its values in braces")
        constants = [text.value for text in texts if isinstance(text, ast.Constant)]
        messages = tuple(text for text in constants if isinstance(text, str))
        if messages:
            named = None if context is None else ast.literal_eval(node.args[context])
            yield messages if len(messages) > 1 else messages[0], named


def _help_texts(tree: ast.AST) -> Iterator[tuple[str, None]]:
    """The texts of the classes about themselves, for the help page; they have several lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="HELP")], value=ast.Constant(value=str(text))):
                yield " ".join(text.split()), None


def _knob_texts(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The names of the knobs of the theory pages, and their values, if they are words."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Knob"), args=[name, values, *_]):
                named = [name, *(values.elts if isinstance(values, ast.Tuple) else ())]
                constants = (each.value for each in named if isinstance(each, ast.Constant))
                texts = (text for text in constants if isinstance(text, str))
                yield from ((text, "knob") for text in texts if _WORD.search(text))


def _frame_titles(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The titles that frames have from the start."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="FrameLine"), keywords=keywords):
                for keyword in keywords:
                    if keyword.arg == "title" and isinstance(keyword.value, ast.Constant):
                        yield str(keyword.value.value), "heading"


def tables() -> Iterator[Found]:
    """The sentences in tables of data, which have fields for them."""
    from engine.theory.surfaces import SURFACES
    from scenarios.loading import OWN_SECTION
    from scenarios.theory import BEYOND
    from tui_vanish.actions import ACTIONS, OTHER_LABELS
    from tui_vanish.editor.form import fields
    from tui_vanish.runs.columns import COLUMNS
    from tui_vanish.session.catalogue import SECTION as MADE_HERE
    from tui_vanish.session.models import SECTION as MODELS

    yield "scenarios/theory/__init__.py", BEYOND, None
    for section in (OWN_SECTION, MADE_HERE, MODELS):
        yield "tui_vanish/session/prose.py", section, None
    for column in COLUMNS:
        yield "tui_vanish/runs/columns.py", column.heading, "column"
    for field in fields():
        if " " in field.label:
            yield "tui_vanish/editor/form.py", field.label, None
    for surface in SURFACES:
        yield "engine/theory/surfaces.py", surface.name, "knob"

    where = "tui_vanish/actions.py"
    for label in OTHER_LABELS:
        yield where, label, "key"
    for action in ACTIONS:
        yield where, action.help, None
        yield where, action.group, "heading"
        if action.label:
            yield where, action.label, "key"


def collected() -> Catalog:
    """All sentences, without translations."""
    catalog = Catalog(fuzzy=False)
    for where, message, context in sentences():
        # Babel writes a place without its line, which would change with every edit; its types do not say so.
        catalog.add(message, locations=[(where, None)], context=context)  # type: ignore[list-item]
    return catalog


def read(language: str) -> Catalog:
    """The catalogue of a language as it is."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def text_of(catalog: Catalog) -> str:
    """The catalogue as its file: ordered by place, without dates and line numbers, which change too often."""
    content = io.BytesIO()
    write_po(content, catalog, width=100, sort_by_file=True, omit_header=True, ignore_obsolete=True)
    head = (
        f'{HEADER}\nmsgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Language: vi\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return head + content.getvalue().decode().strip("\n") + "\n"


def main() -> int:
    """Update every catalogue; says how many sentences have no translation."""
    for path in sorted(FOLDER.glob("*.po")):
        catalog = read(path.stem)
        catalog.update(collected(), no_fuzzy_matching=True)
        path.write_text(text_of(catalog), encoding="utf-8")
        missing = sum(not message.string or not all(message.string) for message in catalog if message.id)
        print(f"{path.relative_to(ROOT)}: {len(catalog)} sentences, {missing} without a translation")
    return 0


if __name__ == "__main__":
    sys.exit(main())
