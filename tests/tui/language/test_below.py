"""The sentences of the packages below, which reach the screen in English."""

import string
from collections.abc import Iterator

import pytest

from tools.messages import read
from tui_vanish.language import use
from tui_vanish.language.below import spoken

TEMPLATES = [message for message in read("vi") if message.context == "below"]


@pytest.fixture(autouse=True)
def in_vietnamese() -> Iterator[None]:
    use("vi")
    yield
    use("en")


@pytest.mark.parametrize("message", TEMPLATES, ids=lambda message: str(message.id)[:40])
def test_every_sentence_is_recognised_with_its_values(message: object) -> None:
    source, translation = message.id, message.string  # type: ignore[attr-defined]
    names = [name for _, name, _, _ in string.Formatter().parse(source) if name]
    values = {name: f"{place}.5e-{place}" for place, name in enumerate(names, 3)}
    english = "".join(
        literal + (values[name] if name else "") for literal, name, _, _ in string.Formatter().parse(source)
    )
    assert spoken(english) == translation.format(**values)


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        (
            "Layer 2 produces numbers that are not finite.",
            "Layer 2 cho ra những số không hữu hạn.",
        ),
        (
            "On average each layer passes on 1/7.2 of the gradient; layer 1 gets 7e-6 of what layer 7 gets: "
            "a sigmoid's slope is at most 0.25, and the weights are too small to make up for it.",
            "Trung bình mỗi layer chỉ truyền lại 1/7.2 gradient; layer 1 chỉ nhận được 7e-6 so với layer 7: "
            "đạo hàm của sigmoid tối đa là 0.25, và weight quá nhỏ để bù lại.",
        ),
        ("vanish-tui is not in the catalogue", "vanish-tui is not in the catalogue"),
        ("", ""),
    ],
)
def test_a_sentence_is_said_in_vietnamese(english: str, vietnamese: str) -> None:
    assert spoken(english) == vietnamese


def test_english_is_left_as_it_is() -> None:
    use("en")
    assert spoken("Layer 2 produces numbers that are not finite.") == (
        "Layer 2 produces numbers that are not finite."
    )
