"""Each quantity is one row, and the log, the screen and the documentation take its words from there."""

from dataclasses import fields, replace

import pytest

from tools import quantity_table
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.quantities import QUANTITIES


def test_a_layer_s_keys_are_its_name_the_rows_in_their_order_whether_it_is_frozen_and_the_count() -> None:
    assert [field.name for field in fields(LayerSample)] == ["name", *QUANTITIES, "frozen", "always_zero"]
    assert [quantity.name for quantity in QUANTITIES.values()] == list(QUANTITIES)


def test_a_layer_s_value_is_found_by_the_row() -> None:
    layer = LayerSample(name="layer1", grad_norm=0.5)
    assert [name for name, row in QUANTITIES.items() if layer.value(row) is not None] == ["grad_norm"]
    assert layer.value(QUANTITIES["grad_norm"]) == 0.5


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_row_is_filled_in_and_fits(name: str) -> None:
    row = QUANTITIES[name]
    assert row.words
    assert row.meaning.endswith(".")
    assert row.symbol_ascii.isascii()
    assert len(row.symbol_ascii) == len(row.symbol)
    assert len(row.symbol) <= 9 or not row.in_bars  # as wide as the layers' names, which are below it
    assert row.column.isascii()
    assert len(row.column) < row.column_width
    assert not set("|\n") & set(row.definition + row.where)  # they are cells of a table in Markdown


def test_a_linear_scale_is_not_for_bars() -> None:
    with pytest.raises(ValueError, match="log or unit scale"):
        replace(QUANTITIES["activation_mean"], in_bars=True)


def test_the_documentation_has_the_table_word_for_word() -> None:
    page = quantity_table.PAGE.read_text(encoding="utf-8")
    assert quantity_table.written(page) == quantity_table.table(), "run python -m tools.quantity_table"
