"""Which layers of compared networks are in one row."""

from engine.tracking.alignment import aligned


def rows(*networks: str, by_name: bool = True) -> list[tuple[str | None, tuple[int | None, ...]]]:
    found = aligned([each.split() for each in networks], by_name=by_name)
    assert [row.back for row in found] == list(range(len(found)))[::-1]
    return [(row.name, row.layers) for row in found]


def test_equal_networks_have_a_row_per_layer() -> None:
    assert rows("a b c", "a b c") == [("a", (0, 0)), ("b", (1, 1)), ("c", (2, 2))]


def test_names_that_agree_are_in_one_row_whatever_else_the_networks_have() -> None:
    assert rows("h.0 h.1 h.2 head", "h.0 h.1 head") == [
        ("h.0", (0, 0)), ("h.1", (1, 1)), ("h.2", (2, None)), ("head", (3, 2)),
    ]  # fmt: skip
    assert rows("a c", "a b c d") == [("a", (0, 0)), ("b", (None, 1)), ("c", (1, 2)), ("d", (None, 3))]
    assert [name for name, _ in rows("a b c", "a x c")] == ["a", "x", "b", "c"]


def test_other_names_are_aligned_at_the_output() -> None:
    assert rows("a b c", "x y") == [("a", (0, None)), (None, (1, 0)), (None, (2, 1))]
    assert rows("a b c", "c b a") == [(None, (0, 0)), ("b", (1, 1)), (None, (2, 2))], "the order differs"


def test_the_numbers_of_scenarios_are_no_names() -> None:
    assert rows("layer1 layer2 output", "layer1 output", by_name=False) == [
        ("layer1", (0, None)), (None, (1, 0)), ("output", (2, 1)),
    ]  # fmt: skip


def test_a_network_that_has_no_layers_yet_leaves_its_column_empty() -> None:
    assert rows("a b", "") == [("a", (0, None)), ("b", (1, None))]
    assert rows("", "") == []
