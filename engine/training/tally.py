"""Sums of losses and hits that stay on the device until they are fetched."""

from typing import Any

import torch
from torch import Tensor

from engine.protocol.data_spec import FASHION_MNIST
from engine.storage.checkpoint import Unfit
from engine.training.restored import has_keys, table, tensor, whole


class Tally:
    """Loss and hits over an epoch, and the individual losses since the last fetch.

    `add` only keeps its arguments; `fetch` counts them and copies once from the device. Counting the hits of
    several batches together costs as much as counting one batch, and on a GPU each copy is a wait.
    """

    def __init__(self) -> None:
        self._loss_sum = 0.0
        self._hits = 0
        self._images = 0
        self._pending: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Add one batch.

        Args:
            loss: the batch's mean, a scalar tensor. Loss and logits are outside autograd.
            logits: float [batch, classes].
            labels: int64 [batch].
        """
        self._pending.append((loss, logits, labels))

    def fetch(self, more: Tensor | None = None) -> tuple[list[float], float, list[float]]:
        """Count what was added since the last fetch, and bring it to the CPU in one copy.

        Args:
            more: float64 [n], other values to bring along in the same copy.

        Returns:
            (the losses since the last fetch, one per batch; the last batch's accuracy from 0 to 1; the
            values of `more`). Empty lists and 0 if nothing was added.
        """
        if not self._pending:
            return [], 0.0, []
        losses, logits, labels = zip(*self._pending, strict=True)
        size, fetched = len(labels[-1]), len(losses)
        hit = torch.cat(logits).argmax(1) == torch.cat(labels)  # bool [images of all batches]
        hits = torch.stack([torch.count_nonzero(hit), torch.count_nonzero(hit[-size:])])  # [2]
        parts = [torch.stack(losses).double(), hits.double()]
        values = _brought_over(torch.cat(parts if more is None else [*parts, more]))
        for loss, batch in zip(values, labels, strict=False):
            self._loss_sum += loss * len(batch)
            self._images += len(batch)
        self._hits += int(values[fetched])
        self._pending.clear()
        return values[:fetched], values[fetched + 1] / size, values[fetched + 2 :]

    def state(self) -> dict[str, Any]:
        """What `restore` needs, without counting the batches that were not fetched yet."""
        return {
            "loss_sum": self._loss_sum,
            "hits": self._hits,
            "images": self._images,
            "pending": [list(batch) for batch in self._pending],
        }

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Continue from the state of another tally, with its tensors on `device`.

        Raises:
            Unfit: `state` is of no tally.
        """
        has_keys(table(state, "sums"), {"loss_sum", "hits", "images", "pending"}, "sums")
        if type(state["loss_sum"]) is not float or not isinstance(state["pending"], list):
            raise Unfit("its sums are damaged")
        self._loss_sum = state["loss_sum"]
        self._images = whole(state["images"], "number of images")
        self._hits = whole(state["hits"], "number of hits", high=self._images)
        self._pending = [_batch(each, device) for each in state["pending"]]

    @property
    def images(self) -> int:
        """How many images were added."""
        return self._images + sum(len(labels) for _, _, labels in self._pending)

    def averages(self) -> tuple[float, float]:
        """(mean loss, accuracy from 0 to 1) over all images that were fetched."""
        return self._loss_sum / self._images, self._hits / self._images


def _batch(saved: Any, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The loss [], the logits [batch, classes] and the labels [batch] of a saved batch, on `device`."""
    if not isinstance(saved, list) or len(saved) != 3 or not all(isinstance(each, Tensor) for each in saved):
        raise Unfit("its sums are damaged")
    size = saved[2].shape[0] if saved[2].dim() == 1 else 0
    if not size:
        raise Unfit("its sums are damaged")
    loss, logits, labels = (
        tensor(each, torch.empty(shape, dtype=dtype, device="meta"), "sums")
        for each, shape, dtype in zip(
            saved,
            ((), (size, FASHION_MNIST.classes), (size,)),
            (torch.float32, torch.float32, torch.int64),
            strict=True,
        )
    )
    return loss.to(device), logits.to(device), labels.to(device)


def _brought_over(values: Tensor) -> list[float]:
    """The values of a vector [n], in one copy. A GPU writes directly into pinned memory."""
    if values.device.type == "cuda":
        pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        pinned.copy_(values, non_blocking=True)
        torch.cuda.current_stream(values.device).synchronize()
        values = pinned
    numbers: list[float] = values.tolist()
    return numbers
