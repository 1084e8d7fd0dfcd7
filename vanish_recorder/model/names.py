"""The names of modules and parameters, as the user wrote them."""

from torch import nn

_WRAPPERS = frozenset({"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})


class Names:
    """Strips the prefixes that wrappers add, so that wrapped and bare runs of one model compare.

    Args:
        model: the outermost module.
    """

    def __init__(self, model: nn.Module) -> None:
        self._strip_module = [name for name, _ in model.named_children()] == ["module"]

    def clean(self, name: str) -> str:
        """The name without the prefixes of wrappers; empty for the model itself."""
        parts = [part for part in name.split(".") if part not in _WRAPPERS]
        if self._strip_module and parts and parts[0] == "module":
            parts = parts[1:]
        return ".".join(parts)


def innermost(model: nn.Module) -> nn.Module:
    """The user's model inside wrappers such as DistributedDataParallel and torch.compile's."""
    while True:
        children = dict(model.named_children())
        if len(children) != 1 or not _WRAPPERS.union({"module"}).intersection(children):
            return model
        (model,) = children.values()
