"""In which types a run keeps and multiplies its numbers, by the name of its precision."""

from typing import NamedTuple

import torch

from scenarios.schema import PrecisionName


class Precision(NamedTuple):
    """The types of a run.

    Attributes:
        stored: of the weights, and of what the optimizer keeps.
        computes: of the linear layers' products, if it is not float32. See `engine.networks.mlp.Network`.
    """

    stored: torch.dtype
    computes: torch.dtype | None


PRECISIONS: dict[PrecisionName, Precision] = {
    "fp32": Precision(torch.float32, None),
    "bf16": Precision(torch.bfloat16, torch.bfloat16),
    "fp16": Precision(torch.float16, torch.float16),
    # Micikevicius et al. 2018, "Mixed Precision Training": float32 weights, of which each step uses a copy.
    "bf16_mixed": Precision(torch.float32, torch.bfloat16),
    "fp16_mixed": Precision(torch.float32, torch.float16),
}
