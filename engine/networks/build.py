"""The networks that autograd trains, by kind."""

import torch

from engine.networks.block_network import BlockNetwork
from engine.networks.cnn import build_cnn
from engine.networks.rnn import build_rnn
from engine.networks.transformer import build_transformer
from scenarios.networks import Cnn, Rnn, Transformer


def build_blocks(model: Cnn | Rnn | Transformer, seed: int, device: torch.device) -> BlockNetwork:
    """Build a network with drawn weights.

    Args:
        model: of the scenario.
        seed: of the run.
        device: where the parameters will be.
    """
    if device.type == "cuda":
        # cuDNN may otherwise take operations that add in another order each time, or in fewer bits.
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        torch.backends.cudnn.allow_tf32 = False
    match model:
        case Cnn():
            return build_cnn(model, seed, device)
        case Rnn():
            return build_rnn(model, seed, device)
        case Transformer():
            return build_transformer(model, seed, device)
