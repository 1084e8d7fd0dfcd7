"""One copy from the device to the host for all the numbers of a sample."""

import torch
from torch import Tensor


class Readout:
    """Collects small tensors, and copies them to the host together: once for each device."""

    def __init__(self) -> None:
        self._parts: list[Tensor] = []
        self._numbers: list[list[float]] | None = None

    def put(self, values: Tensor) -> int:
        """Add real numbers of any shape and dtype.

        Returns:
            The number of this part, for `numbers`.
        """
        self._parts.append(values.detach())
        return len(self._parts) - 1

    def fetch(self) -> None:
        """Copy everything to the host. It waits for the device."""
        by_device: dict[torch.device, list[int]] = {}
        for number, part in enumerate(self._parts):
            by_device.setdefault(part.device, []).append(number)
        fetched: list[list[float]] = [[] for _ in self._parts]
        for members in by_device.values():
            flat: list[float] = torch.cat(
                [self._parts[number].reshape(-1).to(torch.float64) for number in members]
            ).tolist()
            start = 0
            for number in members:
                end = start + self._parts[number].numel()
                fetched[number] = flat[start:end]
                start = end
        self._parts = []
        self._numbers = fetched

    def flat(self, device: torch.device) -> Tensor:
        """All numbers as one vector, float64 on `device`, for a copy that brings other numbers along.

        Call `fill` with what arrived.
        """
        parts = [part.reshape(-1).to(device, torch.float64) for part in self._parts]
        return torch.cat(parts) if parts else torch.empty(0, dtype=torch.float64, device=device)

    def fill(self, arrived: list[float]) -> None:
        """Take the numbers of `flat`, on the host."""
        numbers = iter(arrived)
        self._numbers = [[next(numbers) for _ in range(part.numel())] for part in self._parts]
        self._parts = []

    def numbers(self, part: int) -> list[float]:
        """The numbers of a part, after `fetch`."""
        assert self._numbers is not None
        return self._numbers[part]
