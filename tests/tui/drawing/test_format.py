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
        (1.0, "1.0"),
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


@pytest.mark.parametrize(
    ("values", "digits", "texts"),
    [
        ((), 2, []),
        ((0.25**7, 0.3**7, 1.0, 1.1**7), 2, ["6.1e-5", "2.2e-4", "1", "1.9"]),
        ((0.25, 1.0, 1.128), 2, ["0.25", "1.00", "1.13"]),
        ((1.0, 10.0, 100.0), 3, ["1", "10", "100"]),
        ((1.0, 10.0, 1e4), 3, ["1", "1e1", "1e4"]),
        ((1.0, 0.1, 1e-4), 3, ["1", "1e-1", "1e-4"]),
        ((0.5, -0.25), 2, ["0.50", "-0.25"]),
        ((1e-3, 0.5), 2, ["0.001", "0.500"]),
        ((9.99e-4, 0.5), 2, ["1e-3", "5e-1"]),
        ((9994.0, 1.5), 2, ["9994.0", "1.5"]),
        ((1e4, 1.5), 2, ["1.0e4", "1.5"]),
        ((2.0, 0.0, math.nan, math.inf, -math.inf, None), 2, ["2", "0", "nan", "inf", "-inf", "–"]),
        ((0.0, 0.0), 2, ["0", "0"]),
        ((None, math.nan), 2, ["–", "nan"]),
        ((5e-324, 1.7976931348623157e308), 2, ["4.9e-324", "1.8e308"]),
        ((100.0, 20.0), 1, ["100", "20"]),
    ],
)
def test_the_numbers_of_a_column_have_one_format(
    values: tuple[float | None, ...], digits: int, texts: list[str]
) -> None:
    assert format.column(values, digits) == texts


def test_a_column_never_mixes_formats_and_keeps_its_values() -> None:
    random = Random(5)
    for _ in range(2000):
        digits = random.randint(1, 4)
        values = [random.choice((-1, 1)) * 10 ** random.uniform(-9, 9) for _ in range(random.randint(1, 9))]
        texts = format.column(values, digits)
        assert len({"e" in text for text in texts if not 1 <= abs(float(text)) < 10}) <= 1
        assert len({len(text.partition("e")[0].partition(".")[2]) for text in texts}) == 1
        for value, text in zip(values, texts, strict=True):
            assert float(text) == pytest.approx(value, rel=0.5001 * 10 ** (1 - digits))
