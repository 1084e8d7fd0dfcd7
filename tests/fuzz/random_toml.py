"""Random scenario files: noise, mutated files of the catalogue, and shapes that are hard on a reader."""

import json
import random
from collections.abc import Callable
from pathlib import Path

from scenarios.fields import known_keys
from scenarios.index import built_in

TEXTS = [entry.path.read_text(encoding="utf-8") for entry in built_in().values()]
KEYS = (*known_keys(), "extends", "id", "model", "optimizer", "data", "model.init", "training", "stages[1]")
TOKENS = [
    *"[]{}=.,#\n\n'\"\\ -+_",
    "[[",
    "]]",
    "'''",
    '"""',
    "\r\n",
    "\t",
    "1e9",
    "nan",
    "inf",
    "true",
    "1979-05-27",
    "0x10",
    "model",
    "stages",
    "extends",
    '"depth-7"',
    "lr",
    "\x1b[2J",
    "\x00",
    "\u202e",
    "\ufeff",
    "é",
    "𝄞",
    "9" * 400,
]


def random_file(draw: random.Random) -> bytes:
    """The content of a scenario file; most are invalid, and some are not TOML."""
    return draw.choice(_SHAPES)(draw)


def random_override(draw: random.Random) -> str:
    """What a user may type behind `--set`."""
    key = draw.choice([draw.choice(KEYS), _dotted(draw), _word(draw)])
    return draw.choice([f"{key}={_value(draw)}", f"{key}={_noise_text(draw)}", key, f"={key}"])


def write_companions(draw: random.Random, folder: Path) -> None:
    """Files in the same folder, which a file may extend: a chain, a circle, and others."""
    for name in ("one", "two", "three"):
        others = draw.choice(["one", "two", "three", "mine", "depth-7", "../one", "\x1b"])
        text = random_file(draw) if draw.random() < 0.2 else f"extends = {json.dumps(others)}\n".encode()
        (folder / f"{name}.toml").write_bytes(text)


def _noise(draw: random.Random) -> bytes:
    return draw.randbytes(draw.randint(0, 2000))


def _noise_text(draw: random.Random) -> str:
    return "".join(draw.choices(TOKENS, k=draw.randint(0, 60)))


def _tokens(draw: random.Random) -> bytes:
    return _noise_text(draw).encode()


def _mutated(draw: random.Random) -> bytes:
    """A file of the catalogue with some bytes or lines changed."""
    content = bytearray(draw.choice(TEXTS).encode())
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(content) + 1)
        match draw.randint(0, 3):
            case 0:
                content[place : place + 1] = draw.randbytes(1)
            case 1:
                del content[place : place + draw.randint(1, 30)]
            case 2:
                content[place:place] = draw.choice(TOKENS).encode()
            case _:
                other = draw.randrange(len(content) + 1)
                content[place:place] = content[other : other + draw.randint(1, 200)]
    return bytes(content)


def _changed_values(draw: random.Random) -> bytes:
    """A file that extends another one, with values of any type at keys that exist."""
    parent = draw.choice(["depth-7", "depth-7", "adam", "one", "two", "mine", "nothing", "", "\x1b]0;x\x07"])
    lines = [f"extends = {json.dumps(parent)}"] if draw.random() < 0.9 else []
    for key in draw.sample(KEYS, draw.randint(0, 6)):
        lines.append(f"{key.removesuffix('[1]')} = {_value(draw)}")
    return "\n".join(lines).encode()


def _nested(draw: random.Random) -> bytes:
    depth = int(10 ** draw.uniform(0, 4.2))
    value = _value(draw)
    return draw.choice(
        [
            f"{'.'.join([_word(draw)] * depth)} = {value}",
            f"[{'.'.join([_word(draw)] * depth)}]\na = {value}",
            f"[[{'.'.join([_word(draw)] * depth)}]]\na = {value}",
            f"x = {'[' * depth}{value}{']' * draw.choice([0, depth])}",
            f"x = {'{a = ' * depth}{value}{'}' * draw.choice([0, depth])}",
            f"x = {'[{a = ' * depth}{value}{'}]' * depth}",
            "\n".join(f"[{'.'.join(['a'] * min(depth, 150))}.b{number}]" for number in range(150)),
            "\n".join(f"[[stages]]\nsub_models = [{number}]\ntrain = [1]" for number in range(depth % 2000)),
        ]
    ).encode()


def _many(draw: random.Random) -> bytes:
    """Many keys, long keys, long values."""
    count = int(10 ** draw.uniform(0, 3.8))
    table = draw.choice(["", "[model]\n", "[optimizer]\nname = 'sgdd'\n", "[model.init]\n", "[x]\n"])
    return draw.choice(
        [
            f"extends = 'depth-7'\n{table}" + "\n".join(f"{_word(draw)}{n} = 1" for n in range(count)),
            f"{_word(draw) * count} = {_value(draw)}",
            f"extends = 'depth-7'\ntitle = {json.dumps(_word(draw) * count)}",
            f"extends = 'depth-7'\n[model]\nskip = {[[draw.randint(0, 9), 3] for _ in range(count)]}",
            f"extends = 'depth-7'\n[[stages]]\nsub_models = {[1] * count}\ntrain = {[2] * count}",
            f"extends = {json.dumps(_word(draw) * count)}",
        ]
    ).encode()


def _word(draw: random.Random) -> str:
    return draw.choice(["a", "model", "lr", '"a.b"', '"\\u001b[31m"', "'x y'", "é", "9", "b" * 90])


def _dotted(draw: random.Random) -> str:
    return ".".join([_word(draw)] * int(10 ** draw.uniform(0, 3.5)))


def _value(draw: random.Random) -> str:
    return draw.choice(
        [
            "1",
            "-7",
            "0.05",
            "nan",
            "-inf",
            "true",
            '"relu"',
            '"sigmiod"',
            '"\\u001b[2J\\u0007"',
            '"\\u202e"',
            "[]",
            "{}",
            "[[1, 3], [4, 7]]",
            "[1, 'a', [2.5]]",
            "{name = 'adam', lr = 0.1}",
            "1979-05-27T07:32:00Z",
            "07:32:00",
            "9" * draw.randint(1, 5000),
            json.dumps("x" * draw.randint(1, 3000)),
            str(draw.randint(-(10**6), 10**6)),
        ]
    )


_SHAPES: tuple[Callable[[random.Random], bytes], ...] = (
    _noise,
    _tokens,
    _mutated,
    _mutated,
    _mutated,
    _changed_values,
    _changed_values,
    _changed_values,
    _nested,
    _many,
)
