import math
import struct
from random import Random

import pytest

from tui_vanish.drawing import format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.9e-6, "1.9e-6"),
        (0.43, "4.3e-1"),
        (1.0, "1.0e0"),
        (9.96, "1.0e1"),
        (1.234e-12, "1.2e-12"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.8e308"),
        (-1.23e-200, "-1e-200"),
        (0.0, "0"),
        (-0.0, "0"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (None, "–"),
    ],
)
def test_a_value_of_any_size_is_a_short_text(value: float | None, text: str) -> None:
    assert format.scientific(value) == text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (2.30266, 4, "2.3027"),
        (123.45678, 4, "123.457"),
        (99999.4, 4, "99999.4"),
        (1.2e8, 4, "1.2e8"),
        (0.091, 3, "0.091"),
        (0.0091, 3, "9.1e-3"),
        (6e-7, 3, "6.0e-7"),
        (-2.5, 4, "-2.5000"),
        (0.0, 4, "0"),
        (math.nan, 4, "nan"),
        (None, 4, "–"),
    ],
)
def test_a_value_near_one_has_decimals(value: float | None, places: int, text: str) -> None:
    assert format.fixed(value, places) == text


@pytest.mark.parametrize(
    ("fraction", "places", "text"),
    [
        (0.0, 0, "0 %"),
        (0.098, 1, "9.8 %"),
        (0.5, 0, "50 %"),
        (1.0, 0, "100 %"),
        (0.0001, 0, "<1 %"),
        (0.0001, 1, "<0.1 %"),
        (0.9999, 0, ">99 %"),
        (0.9999, 1, ">99.9 %"),
        (math.nan, 0, "nan"),
        (None, 0, "–"),
    ],
)
def test_a_percentage_is_shown_as_0_or_100_only_if_it_is_exact(
    fraction: float | None, places: int, text: str
) -> None:
    assert format.percent(fraction, places) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (60_000, "60 000"), (1234567, "1 234 567")]
)
def test_a_count_has_its_thousands_separated(value: int, text: str) -> None:
    assert format.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (999.7, "1.0k"),
        (1000, "1k"),
        (1234, "1.2k"),
        (9960, "10k"),
        (79_432, "79k"),
        (999_600, "1.0M"),
        (2_500_000, "2.5M"),
        (1e12, "1T"),
    ],
)
def test_a_short_count_has_at_most_five_characters(value: float, text: str) -> None:
    assert format.short_count(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (9.4, "0:09"),
        (59.6, "1:00"),
        (88, "1:28"),
        (7390, "2:03:10"),
        (3 * 86400 + 4 * 3600, "3 d 4 h"),
        (-1, "0:00"),
        (math.inf, "–"),
        (None, "–"),
    ],
)
def test_a_duration_is_a_short_text(seconds: float | None, text: str) -> None:
    assert format.duration(seconds) == text


def test_throughput_has_two_digits() -> None:
    assert format.images_per_second(79_432.1) == "79 000 img/s"
    assert format.images_per_second(79_432.1, short=True) == "79k img/s"
    assert format.images_per_second(9.7) == "10 img/s"
    assert format.images_per_second(None) == "– img/s"


def test_a_missing_value_is_ascii_if_asked_for() -> None:
    for text in (
        format.scientific(None, ascii=True),
        format.fixed(None, ascii=True),
        format.percent(None, ascii=True),
        format.duration(None, ascii=True),
        format.images_per_second(None, ascii=True),
    ):
        assert text.isascii()


def test_a_layer_is_shown_as_a_word_and_a_number() -> None:
    assert format.layer_name("layer12") == "layer 12"
    assert format.layer_name("output") == "output"
    assert format.layer_name("layernorm") == "layernorm"


def test_every_double_fits_its_column_and_reads_back() -> None:
    random = Random(0)
    for _ in range(5000):
        (value,) = struct.unpack("<d", random.randbytes(8))
        for text in (
            format.scientific(value),
            format.scientific(value, 1),
            format.fixed(value),
            format.fixed(value, 3),
        ):
            assert len(text) <= 7
            if math.isfinite(value) and abs(value) > 1e-307:
                assert float(text) == pytest.approx(value, rel=0.5, abs=0)
