"""Which layers of compared networks are shown in one row."""

from collections.abc import Sequence
from typing import NamedTuple

_AGREE = 0.5  # of the smaller network's names, so that rows go by names


class Aligned(NamedTuple):
    """A row: the name in all networks, or None if they differ there, and each network's layer by its index.

    Attributes:
        name: that all of the row's layers have; None if they have different names.
        back: how many rows before the last one it is.
        layers: for each network the index of its layer; None if it has none there.
        by_name: whether the rows go by names.
    """

    name: str | None
    back: int
    layers: tuple[int | None, ...]
    by_name: bool = False


def aligned(networks: Sequence[Sequence[str]], *, by_name: bool) -> list[Aligned]:
    """The rows, from the input to the output.

    Layers of the same name are in one row, if the networks' names agree. If they do not, the rows are counted
    back from the output, where every gradient comes from.

    Args:
        networks: for each one the names of its layers, from the input to the output.
        by_name: whether the names mean something; those of scenarios are numbers.
    """
    if by_name and _names_agree(networks):
        return _by_name(networks)
    depth = max(map(len, networks), default=0)
    rows = []
    for back in range(depth - 1, -1, -1):
        places = tuple(len(names) - 1 - back if back < len(names) else None for names in networks)
        present = {names[place] for names, place in zip(networks, places, strict=True) if place is not None}
        rows.append(Aligned(present.pop() if len(present) == 1 else None, back, places))
    return rows


def _names_agree(networks: Sequence[Sequence[str]]) -> bool:
    """Whether each network shares enough names with the largest one, in the same order."""
    known = [names for names in networks if names]
    largest = max(known, key=len, default=())
    for names in known:
        shared = [name for name in names if name in largest]
        in_order = [name for name in largest if name in shared]
        if len(shared) < max(1, _AGREE * len(names)) or shared != in_order:
            return False
    return True


def _by_name(networks: Sequence[Sequence[str]]) -> list[Aligned]:
    largest: Sequence[str] = max(networks, key=len, default=())
    order = list(largest)
    for names in networks:
        place = 0
        for name in names:
            if name in order:
                place = order.index(name) + 1
            else:
                order.insert(place, name)
                place += 1
    indices = [{name: place for place, name in enumerate(names)} for names in networks]
    return [
        Aligned(name, len(order) - 1 - place, tuple(each.get(name) for each in indices), by_name=True)
        for place, name in enumerate(order)
    ]
