"""The catalogues of translated sentences: compiled in an installed program, as text in a checkout.

The build compiles `vi.po` into `vi.mo` with Babel. A checkout has no compiled catalogue, which could be older
than the text; there the text is compiled in memory, in some hundredths of a second.
"""

import gettext
import io
import os
import re
import struct

_FOLDER = os.path.dirname(__file__)
_MAGIC = 0x950412DE
_CONTEXT = "\x04"  # between a message and its context before it
_PLURAL = "\0"  # between the forms of a message
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t"}

_Entries = dict[str, str]


def load(language: str) -> gettext.GNUTranslations:
    """The catalogue of a language."""
    base = os.path.join(_FOLDER, language)
    try:
        with open(f"{base}.mo", "rb") as compiled_file:
            return gettext.GNUTranslations(compiled_file)
    except FileNotFoundError:
        with open(f"{base}.po", encoding="utf-8") as text:
            return gettext.GNUTranslations(io.BytesIO(compiled(entries(text.read()))))


def entries(text: str) -> _Entries:
    """The translated messages of a catalogue's text, in the form in which gettext looks them up."""
    found: _Entries = {}
    for block in text.split("\n\n"):
        fields, is_fuzzy = _fields(block)
        if "msgid" not in fields or is_fuzzy:
            continue
        forms = [fields[name] for name in fields if name.startswith("msgstr")]
        if not all(forms):
            continue
        key = fields["msgid"]
        if "msgid_plural" in fields:
            key += _PLURAL + fields["msgid_plural"]
        if "msgctxt" in fields:
            key = fields["msgctxt"] + _CONTEXT + key
        found[key] = _PLURAL.join(forms)
    return found


def _fields(block: str) -> tuple[dict[str, str], bool]:
    """The texts of one entry by their keyword, and whether it waits to be checked by a person."""
    fields: dict[str, str] = {}
    is_fuzzy, name = False, ""
    for line in block.splitlines():
        if line.startswith("#"):
            is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        if not line.startswith('"'):
            name, _, line = line.partition(" ")
            fields[name] = ""
        if name:
            fields[name] += _unquoted(line)
    return fields, is_fuzzy


def _unquoted(text: str) -> str:
    inner = text.strip()[1:-1]
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), inner) if "\\" in inner else inner


def compiled(messages: _Entries) -> bytes:
    """The messages in the format of a `.mo` file."""
    keys = sorted(messages)
    texts = [[key.encode() for key in keys], [messages[key].encode() for key in keys]]
    tables, content = bytearray(), bytearray()
    start = 7 * 4 + 2 * 8 * len(keys)  # behind the head and both tables
    for column in texts:
        for text in column:
            tables += struct.pack("<II", len(text), start + len(content))
            content += text + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(keys), 7 * 4, 7 * 4 + 8 * len(keys), 0, start)
    return bytes(head + tables + content)
