"""What one step of a run is, where several optimizers train one model."""

from collections.abc import Hashable, Iterable

_REMEMBERED = 8  # rounds; an optimizer that did not step in any of them is not expected any more


class Rounds:
    """Counts the rounds of optimizer steps. A round ends when an optimizer steps again that stepped in it.

    With one optimizer, a round is a step of it. With two that alternate, it is a step of each. With five
    steps of one for each step of the other, five rounds hold the other's step once.

    Args:
        first: the number of rounds before.

    Attributes:
        number: of the current round, counted from 1; 0 before the first.
        stepped: the optimizers that have stepped in it.
    """

    def __init__(self, first: int = 0) -> None:
        self.number = first
        self.stepped: set[Hashable] = set()
        self._latest: dict[Hashable, int] = {}  # the round in which each optimizer stepped last
        self._first = first

    def begins_with(self, optimizer: Hashable) -> bool:
        """Whether the next step of `optimizer` begins a new round."""
        return self.number == self._first or optimizer in self.stepped

    def begin(self) -> None:
        """A new round begins."""
        self.number += 1
        self.stepped = set()

    def add(self, optimizer: Hashable) -> None:
        """An optimizer stepped, or its step was skipped."""
        self.stepped.add(optimizer)
        self._latest[optimizer] = self.number

    def waits_for(self) -> set[Hashable]:
        """The optimizers that are still expected in this round: those that stepped in one of the latest."""
        oldest = self.number - _REMEMBERED
        for optimizer, latest in list(self._latest.items()):
            if latest < oldest:
                del self._latest[optimizer]
        return set(self._latest) - self.stepped

    def is_complete(self, moved: Iterable[int], all_moving: Iterable[int]) -> bool:
        """Whether no other optimizer is expected in this round.

        In the first round it is not known how many there are. It is complete if every tensor moved.

        Args:
            moved: identities of the tensors that were stepped in this round.
            all_moving: identities of all the tensors that are to be trained.
        """
        if self.waits_for():
            return False
        return self.number > self._first + 1 or set(all_moving) <= set(moved)
