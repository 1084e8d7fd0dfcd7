"""What is measured of a block's output and of its gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_WIDE = (torch.float32, torch.float64)
# A sum of float32 variances between these was computed from squares that were hardly ever out of range.
_SMALLEST, _LARGEST = 1e-28, 1e30


def first_tensor(output: object) -> Tensor | None:
    """The tensor that a module returns; of several, the first. None if there is none of real numbers."""
    if isinstance(output, Tensor):
        return output if output.is_floating_point() and output.layout is torch.strided else None
    if isinstance(output, dict):
        output = tuple(output.values())
    if isinstance(output, tuple | list):
        for each in output:
            if (found := first_tensor(each)) is not None:
                return found
    return None


def by_unit(output: Tensor, axis: int | None) -> Tensor:
    """The output as [samples, units]: everything but the unit axis is a sample.

    Args:
        output: of any shape.
        axis: the units' dimension; None: the channels of an image, else the last dimension.
    """
    if output.ndim < 2:
        return output.reshape(-1, 1)
    if axis is None:
        axis = 1 if output.ndim >= 4 else output.ndim - 1
    if axis != output.ndim - 1:
        output = output.movedim(axis, -1)
    return output if output.ndim == 2 else output.reshape(-1, output.shape[-1])


@dataclass(frozen=True, slots=True)
class Moments:
    """What is read of an output at once; the statistics are computed of many together.

    Attributes:
        means: over the samples, [units].
        variances: over the samples, float32 or float64 [units].
        dead: the fraction of the units that are 0 for all samples; None if the output is not rectified.
    """

    means: Tensor
    variances: Tensor
    dead: Tensor | None


def moments(output: Tensor, axis: int | None, *, rectified: bool) -> Moments:
    """Means and variances of each unit over the samples. The divisor of a variance is their number.

    Args:
        output: of a block, of any shape.
        axis: see `by_unit`.
        rectified: whether it comes from a ReLU; else no unit is dead.
    """
    samples = by_unit(output.detach(), axis)
    if samples.dtype not in _WIDE:
        samples = samples.float()
    means = samples.mean(0)
    centred = samples - means
    if centred.device.type == "cpu":
        variances = centred.square_().mean(0)  # many times faster than var_mean over this dimension
        if variances.dtype is torch.float32 and not _SMALLEST < variances.sum().item() < _LARGEST:
            means = samples.mean(0, dtype=torch.float64)
            variances = (samples - means).square_().mean(0)
    else:  # to look whether a square was out of range would mean to wait for the device
        largest = centred.abs().amax() if centred.numel() else centred.new_ones(())
        largest = torch.where(largest == 0, torch.ones_like(largest), largest)
        variances = centred.div_(largest).square_().mean(0).double() * largest.double().square()
    dead = (samples.amax(0) <= 0).to(means.dtype).mean() if rectified else None
    return Moments(means, variances, dead)


def statistics(found: Sequence[Moments]) -> Tensor:
    """Mean, standard deviation, deviation over the samples averaged over the units, and dead units.

    Args:
        found: of outputs with the same number of units, on one device and of one dtype.

    Returns:
        float64 [outputs, 4]; dead is -1 where it does not apply.
    """
    means = torch.stack([each.means for each in found]).double()  # [outputs, units]
    variances = torch.stack([each.variances for each in found]).double()
    mean = means.mean(1)
    # The law of total variance: that within the units plus that between their means.
    deviation = (variances.mean(1) + (means - mean[:, None]).square().mean(1)).sqrt()
    columns = [mean, deviation, variances.sqrt().mean(1)]
    if all(each.dead is None for each in found):
        columns.append(torch.full_like(mean, -1.0))
    else:
        unknown = mean.new_full((), -1.0)
        columns.append(
            torch.stack([unknown if each.dead is None else each.dead.to(unknown.dtype) for each in found])
        )
    return torch.stack(columns, 1)
