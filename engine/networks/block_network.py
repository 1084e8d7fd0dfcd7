"""The base of the networks that autograd trains: named blocks in a row, and what is seen at each."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

from torch import Tensor, nn

OnOutput = Callable[[str, Tensor], None]  # (name of a place, its output h: float, samples first)


class BlockNetwork(nn.Module):
    """Named blocks in a row, from the input to the output layer.

    A place is where a signal is measured: the output of a block, or that of a recurrent block at one time
    step. Weights are in blocks.

    Args:
        blocks: by name, from the input to the output; the name is the prefix of the block's parameters.
    """

    def __init__(self, blocks: dict[str, nn.Module]) -> None:
        super().__init__()
        self._names = tuple(blocks)
        for name, block in blocks.items():
            self.add_module(name, block)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The blocks' names, from the input to the output. Each can be frozen."""
        return self._names

    @property
    def places(self) -> tuple[str, ...]:
        """Where a signal is measured, from the input to the output, and the blocks that have only weights."""
        return self._names

    @property
    def rectified(self) -> bool:
        """Whether what is seen at the hidden places comes out of a ReLU."""
        return False

    def block(self, name: str) -> nn.Module:
        """The block whose weights belong to a place."""
        return self.get_submodule(name)

    def matrices(self, name: str) -> list[nn.Parameter]:
        """A block's parameters with two dimensions or more: what `grad_norm` and its kin are about."""
        return [parameter for parameter in self.block(name).parameters() if parameter.ndim >= 2]

    @abstractmethod
    def forward(self, images: Tensor, seen: OnOutput | None = None) -> Tensor:
        """Compute the logits.

        Args:
            images: float [batch, inputs], pixels in [0, 1].
            seen: called with each place and its output, from the input to the output; it may change nothing.

        Returns:
            The logits, float [batch, classes].
        """

    def freeze(self, names: frozenset[str]) -> None:
        """Freeze exactly the blocks in `names`, and unfreeze the others.

        A frozen block gets no gradient and no update. Its BatchNorm uses its running statistics and does not
        change them.
        """
        self.train()
        for name in self._names:
            frozen = name in names
            block = self.block(name)
            block.train(not frozen)
            for parameter in block.parameters():
                parameter.requires_grad_(not frozen)
                if frozen:
                    parameter.grad = None


def in_a_row(blocks: Sequence[tuple[str, nn.Module]], h: Tensor, seen: OnOutput | None) -> Tensor:
    """The output of the last of `blocks`, each of which gets what the one before it has computed."""
    for name, block in blocks:
        h = block(h)
        if seen is not None:
            seen(name, h)
    return h
