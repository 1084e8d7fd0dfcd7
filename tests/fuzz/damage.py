"""Damage that files of a run can take, drawn at random: by a disk, by another program, or by an attacker.

This file is longer than 300 lines because the ways of damage share their helpers.
"""

import io
import json
import os
import random
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.storage.checkpoint import CHECKPOINT, PREVIOUS
from engine.storage.checksum import Checksum
from engine.storage.labels import LABELS
from engine.storage.run_index import INDEX
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.run_lock import LOCK
from vanish_recorder.storage.summary import SUMMARY

JSON_FILES = (DESCRIPTION, SUMMARY, LABELS)
# What `events.jsonl` and the checkpoints hold is compared with each other, so they are damaged together.
STATE = (EVENTS, CHECKPOINT, PREVIOUS)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    float("inf"),
    float("nan"),
    "abc",
    "\x1b]0;title\x07\x9b2J\n\ud800",
    "x" * 100_000,
    [],
    {},
    [[]] * 3,
    {"a": {"b": []}},
)

Draw = random.Random
_CHECKSUM = len(Checksum().line(b""))  # bytes


def flip_bits(path: Path, draw: Draw) -> None:
    """Flip one to three bits."""
    content = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 3) if content else 0):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def cut(path: Path, draw: Draw) -> None:
    """Keep only the beginning."""
    content = path.read_bytes()
    path.write_bytes(content[: draw.randrange(len(content) + 1)])


def change_lines(path: Path, draw: Draw) -> None:
    """Repeat, remove, swap or empty lines."""
    lines = path.read_bytes().splitlines(keepends=True)
    for _ in range(draw.choice((1, 1, 1, 20))):
        if not lines:
            break
        here, there = draw.randrange(len(lines)), draw.randrange(len(lines))
        match draw.choice(("repeat", "remove", "swap", "empty", "shuffle")):
            case "repeat":
                lines.insert(there, lines[here])
            case "remove":
                del lines[here]
            case "swap":
                lines[here], lines[there] = lines[there], lines[here]
            case "empty":
                lines[here] = b"\0" * draw.choice((0, 1, 4096)) + b"\n"
            case "shuffle":
                draw.shuffle(lines)
    path.write_bytes(b"".join(lines))


def change_value(path: Path, draw: Draw) -> None:
    """Give one value in a line of JSON another type, remove it, or add one."""
    lines = path.read_bytes().splitlines()
    number = draw.randrange(len(lines)) if lines else 0
    try:
        record = json.loads(lines[number])
    except (ValueError, IndexError):  # it was damaged before
        return flip_bits(path, draw)
    places = list(_places(record))
    if not places:
        return flip_bits(path, draw)
    holder, key = draw.choice(places)
    match draw.choice(("set", "set", "set", "remove", "nest")):
        case "set":
            holder[key] = draw.choice(VALUES)
        case "remove":
            del holder[key]
        case "nest":
            for _ in range(draw.choice((3, 70, 900))):
                holder[key] = [holder[key]]
    lines[number] = json.dumps(record).encode()
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return None


def _places(record: Any) -> list[tuple[Any, Any]]:
    """Each place of a value in a record: what holds it, and its key or index."""
    if isinstance(record, dict):
        keys: list[Any] = list(record)
    elif isinstance(record, list):
        keys = list(range(len(record)))
    else:
        return []
    return [place for key in keys for place in ((record, key), *_places(record[key]))]


def replace(path: Path, draw: Draw) -> None:
    """Put something in the place of a file, or remove it."""
    path.unlink()
    match draw.choice(
        ("nothing", "pipe", "endless", "dangling", "folder", "full folder", "sparse", "deep", "loop", "null")
    ):
        case "pipe":
            os.mkfifo(path)
        case "endless":
            path.symlink_to("/dev/zero")
        case "dangling":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to(path.name)
        case "folder":
            path.mkdir()
        case "full folder":
            path.mkdir()
            (path / "file").write_text("something")
        case "sparse":
            with path.open("wb") as file:
                file.truncate(2**36)
        case "deep":
            path.write_bytes(draw.choice((b"[", b'{"a":')) * 100_000)
        case "null":
            path.write_bytes(draw.choice((b"null\n", b"", b"\xff\xfe\n", b"{}\n", b"[]\n")))


def change_checkpoint(path: Path, draw: Draw) -> None:
    """Write a checkpoint that is whole, but has other contents, some with the old checksum."""
    checksum = path.read_bytes()[-_CHECKSUM:]
    record = torch.load(path, weights_only=True)
    for _ in range(draw.choice((1, 1, 3))):
        holder, key = draw.choice(_places(record))
        value = holder[key]
        if draw.random() < 0.25:
            del holder[key]
            continue
        others: list[Any] = [
            *VALUES[:-4],
            [],
            {},
            {"lr": torch.zeros(1)},
            torch.zeros(3),
            torch.tensor(1),
            torch.empty(2, 0),
            torch.zeros(2, 2).to_sparse(),
            torch.ones(3, dtype=torch.complex64),
        ]
        if isinstance(value, torch.Tensor) and value.layout == torch.strided:
            wider = torch.promote_types(value.dtype, torch.double)  # complex numbers stay complex
            others = [*others, value.to(wider), value[None], value.flatten()[1:], value.tolist()]
        holder[key] = draw.choice(others if draw.random() < 0.5 else _alike(value) or others)
    content = io.BytesIO()
    torch.save(record, content)
    path.write_bytes(content.getvalue() + draw.choice((b"", checksum)))


def _alike(value: Any) -> list[Any]:
    """Other values of the same type, which a program may not notice."""
    match value:
        case torch.Tensor():
            return [value + 1, value * 0, value.clone().fill_(1)] if value.layout == torch.strided else []
        case bool():
            return [not value]
        case int() | float():
            return [value + 1, value - 1, value * 2, 0 * value]
        case str():
            return ["layer1", "running", "stopped", value + "1"]
        case None:
            return [0.125, 1]
        case list():
            return [["layer1"], value[1:], value[::-1]]
        case _:
            return []


def add(folder: Path, draw: Draw) -> None:
    """Add a file under a name that the program may use itself."""
    other = folder.parent / "good" / draw.choice((EVENTS, CHECKPOINT, DESCRIPTION))
    name = draw.choice(("checkpoint.tmp", f".{SUMMARY}.{os.getpid()}.tmp", f".{DESCRIPTION}.1.tmp", "other"))
    path = folder / name
    match draw.choice(("pipe", "folder", "hard link", "link", "file")):
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "hard link":
            os.link(other, path)
        case "link":
            path.symlink_to(other)
        case "file":
            path.write_bytes(draw.randbytes(99))


def of_the_other(path: Path, draw: Draw) -> None:
    """Put a file of the other run in the place of this one: a copy, a hard link or a link."""
    other = path.parent.parent / "good" / path.name
    path.unlink()
    match draw.choice(("copy", "hard link", "link")):
        case "copy":
            shutil.copy(other, path)
        case "hard link":
            os.link(other, path)
        case "link":
            path.symlink_to(other)


def change_column(path: Path, draw: Draw) -> None:
    """Change a list of numbers, or a name, in a line of a watched run's log."""
    lines = path.read_bytes().splitlines()
    number = draw.randrange(len(lines)) if lines else 0
    try:
        record = json.loads(lines[number])
    except (ValueError, IndexError):  # it was damaged before
        return flip_bits(path, draw)
    places = [(holder, key) for holder, key in _places(record) if isinstance(holder[key], list | dict)]
    if not places:
        return flip_bits(path, draw)
    holder, key = draw.choice(places)
    value = holder[key]
    if isinstance(value, dict):
        for name in draw.sample(sorted(value), min(len(value), 1)):
            value[draw.choice(("", "loss", "unmoved", "x\x1b[2J", "h.0", name * 50))] = value.pop(name)
    else:
        match draw.choice(("shorter", "longer", "values", "values", "empty")):
            case "shorter":
                del value[draw.randrange(len(value) + 1) :]
            case "longer":
                value += value or [1.0]
            case "values":
                wrong = draw.choice((None, -1.0, "nan", "inf", "-inf", 1e300, 0, 10**30, True, "x", [1.0]))
                value[:] = [wrong if draw.random() < 0.5 else each for each in value]
            case "empty":
                value.clear()
    lines[number] = json.dumps(record).encode()
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return None


def damage_watched(folder: Path, draw: Draw) -> list[str]:
    """Damage the folder of a watched run; see damage."""
    done = []
    for name in draw.choice(((EVENTS,), (EVENTS,), (EVENTS,), (DESCRIPTION,), (SUMMARY,), (EVENTS, SUMMARY))):
        ways = [flip_bits, cut, replace, of_the_other, change_value, change_value]
        if name == EVENTS:
            ways += [change_lines, change_value, *[change_column] * 6]
        for _ in range(draw.choice((1, 1, 5))):
            path = folder / name
            is_file = os.path.lexists(path) and stat.S_ISREG(os.lstat(path).st_mode)
            if is_file:
                way = draw.choice(ways)
                way(path, draw)
                done.append(f"{way.__name__} {name}")
                if way in (replace, of_the_other):  # it may be endless now, or the other run's own file
                    break
    return done


def damage(folder: Path, draw: Draw) -> list[str]:
    """Damage a run's folder.

    Args:
        folder: of the run; the run beside it is called `good`.
        draw: the source of randomness.

    Returns:
        What was done, in words.
    """
    if draw.random() < 0.08:
        add(folder, draw)
        return ["add"]
    if draw.random() < 0.5:
        names = draw.sample(STATE, draw.randint(1, len(STATE)))
    else:
        names = [draw.choice((*JSON_FILES, LOCK, INDEX))]
    done = []
    for name in names:
        ways: list[Callable[[Path, Draw], None]] = [flip_bits, cut, replace]
        if name != INDEX:
            ways.append(of_the_other)
        if name in (EVENTS, *JSON_FILES, INDEX, LOCK):
            ways += [change_value, change_value]
        if name == EVENTS:
            ways += [change_lines, change_lines]
        if name in (CHECKPOINT, PREVIOUS):
            ways += [change_checkpoint, change_checkpoint, change_checkpoint]
        way = draw.choice(ways)
        path = folder.parent / name if name == INDEX else folder / name
        if stat.S_ISREG(os.lstat(path).st_mode if os.path.lexists(path) else 0):  # not damaged before
            way(path, draw)
            done.append(f"{way.__name__} {name}")
    return done
