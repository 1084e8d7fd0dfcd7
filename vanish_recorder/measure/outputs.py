"""What is measured of a block's output and of its gradient."""

import torch
from torch import Tensor

_WIDE = (torch.float32, torch.float64)


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
    return output.reshape(-1, output.shape[-1])


@torch.no_grad()
def statistics(output: Tensor, axis: int | None, *, rectified: bool) -> Tensor:
    """Mean, standard deviation, deviation over the samples averaged over the units, and dead units.

    Deviations are those of the samples at hand: the divisor is their number.

    Args:
        output: of a block, of any shape.
        axis: see `by_unit`.
        rectified: whether it comes from a ReLU; else no unit is dead.

    Returns:
        [4] in float32, or float64 if the output is; dead is -1 where it does not apply.
    """
    samples = by_unit(output.detach(), axis)
    if samples.dtype not in _WIDE:
        samples = samples.float()
    means = samples.mean(0)  # [units]
    variances = (samples - means).square_().mean(0)  # many times faster than var_mean over this dimension
    mean = means.mean()
    # The law of total variance: that within the units plus that between their means.
    deviation = (variances.mean() + (means - mean).square().mean()).sqrt()
    dead = (samples.amax(0) <= 0).to(samples.dtype).mean() if rectified else mean.new_full((), -1.0)
    return torch.stack([mean, deviation, variances.sqrt().mean(), dead])
