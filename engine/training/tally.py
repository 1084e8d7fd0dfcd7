"""Sums that stay on the device until someone asks."""

from typing import Any

import torch
from torch import Tensor


class Tally:
    """Loss and hits over an epoch, and the single losses since they were last fetched.

    `add` only keeps what it is given: counting the hits of several batches at once costs what counting one
    does. `fetch` counts, and is one copy.
    """

    def __init__(self) -> None:
        self._loss_sum = 0.0
        self._hits = 0
        self._images = 0
        self._pending: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Count one batch.

        Args:
            loss: its mean, a scalar; outside autograd, like the logits.
            logits: [batch, classes].
            labels: int64 [batch].
        """
        self._pending.append((loss, logits, labels))

    def fetch(self, more: Tensor | None = None) -> tuple[list[float], float, list[float]]:
        """(the losses since the last fetch, the last batch's accuracy, what is in `more`), in one copy."""
        if not self._pending:
            return [], 0.0, []
        losses, logits, labels = zip(*self._pending, strict=True)
        size, fetched = len(labels[-1]), len(losses)
        hit = torch.cat(logits).argmax(1) == torch.cat(labels)
        hits = torch.stack([torch.count_nonzero(hit), torch.count_nonzero(hit[-size:])])
        parts = [torch.stack(losses).double(), hits.double()]
        values = _brought_over(torch.cat(parts if more is None else [*parts, more]))
        for loss, batch in zip(values, labels, strict=False):
            self._loss_sum += loss * len(batch)
            self._images += len(batch)
        self._hits += int(values[fetched])
        self._pending.clear()
        return values[:fetched], values[fetched + 1] / size, values[fetched + 2 :]

    def state(self) -> dict[str, Any]:
        """What `restore` needs; what is pending stays so."""
        return {
            "loss_sum": self._loss_sum,
            "hits": self._hits,
            "images": self._images,
            "pending": [list(batch) for batch in self._pending],
        }

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Go on from another tally's state, on `device`."""
        self._loss_sum, self._hits, self._images = state["loss_sum"], state["hits"], state["images"]
        self._pending = [
            (loss.to(device), logits.to(device), labels.to(device))
            for loss, logits, labels in state["pending"]
        ]

    def averages(self) -> tuple[float, float]:
        """(loss, accuracy) over all that was fetched."""
        return self._loss_sum / self._images, self._hits / self._images


def _brought_over(values: Tensor) -> list[float]:
    """A vector's values, by one copy; from a GPU into pinned memory, which it writes without a detour."""
    if values.device.type == "cuda":
        pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        pinned.copy_(values, non_blocking=True)
        torch.cuda.current_stream(values.device).synchronize()
        values = pinned
    numbers: list[float] = values.tolist()
    return numbers
