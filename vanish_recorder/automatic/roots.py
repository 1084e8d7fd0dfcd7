"""Which models an optimizer trains, found among all objects of the process."""

import gc
from collections.abc import Iterable

from torch import nn


def roots_of(parameters: Iterable[nn.Parameter]) -> list[nn.Module]:
    """The models that own some of the parameters: modules that no other module contains.

    It looks at every object once, which takes a tenth of a second in a process with a million objects.

    Args:
        parameters: of an optimizer.

    Returns:
        The models, in the order of their parameters in the optimizer; empty if no module owns one.
    """
    wanted = {id(parameter): place for place, parameter in enumerate(parameters)}
    # `isinstance` would ask proxies for a class, which may import something.
    modules = {
        id(each): each
        for each in gc.get_objects()
        if issubclass(type(each), nn.Module) and "_modules" in each.__dict__
    }
    parents: dict[int, list[int]] = {}
    for key, module in modules.items():
        for child in module._modules.values():
            if child is not None and child is not module:
                parents.setdefault(id(child), []).append(key)
    found: dict[int, int] = {}
    for key, module in modules.items():
        places = [wanted[id(each)] for each in module._parameters.values() if id(each) in wanted]
        if places:
            for root in _tops(key, parents):
                found[root] = min(found.get(root, len(wanted)), *places)
    return [modules[root] for root in sorted(found, key=found.__getitem__)]


def _tops(start: int, parents: dict[int, list[int]]) -> set[int]:
    """The topmost modules above one; itself if it has no parent. A circle has no top: then its start."""
    tops, seen, waiting = set(), {start}, [start]
    while waiting:
        key = waiting.pop()
        above = parents.get(key, [])
        if not above:
            tops.add(key)
        waiting.extend(each for each in above if each not in seen)
        seen.update(above)
    return tops or {start}
