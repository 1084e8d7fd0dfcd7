"""The stages of a run: which network each of them trains, and with which optimizer."""

import torch

from engine.networks.block_network import BlockNetwork
from engine.networks.build import build_blocks
from engine.networks.mlp import Layer, Network, build_head, build_hidden
from engine.networks.precision import PRECISIONS
from engine.training import optimizers
from engine.training.loss_scale import LossScale
from engine.training.optimizers import Optimizer
from engine.training.schedule import plan
from scenarios.networks import Mlp
from scenarios.schema import Scenario


class Stages:
    """Builds the network and the optimizer of each stage. A plain scenario has one stage.

    All hidden layers are drawn once and shared by the stages: the network of a stage holds the first few of
    them, as the stages before it trained them.

    Args:
        scenario: what to train.
        seed: of the run.
        device: where to train.
    """

    def __init__(self, scenario: Scenario, seed: int, device: torch.device) -> None:
        self._scenario, self._seed, self._device = scenario, seed, device
        self._plans = plan(scenario)
        self._precision = PRECISIONS[scenario.training.precision]
        model = scenario.model
        self._hidden: tuple[Layer, ...] = ()
        self._blocks: BlockNetwork | None = None
        if isinstance(model, Mlp):
            self._hidden, self._first_output = build_hidden(model, seed, device, self._precision.stored)
        else:
            self._blocks = build_blocks(model, seed, device)

    def __len__(self) -> int:
        return len(self._plans)

    @property
    def parameters(self) -> int:
        """The number of weights and biases, and of what normalisations learn, in the whole network."""
        if self._blocks is not None:
            return sum(parameter.numel() for parameter in self._blocks.parameters())
        layers = (*self._hidden, self._first_output)
        return sum(parameter.numel() for layer in layers for parameter in layer.module.parameters())

    def planned_frozen(self, stage: int) -> frozenset[str]:
        """The names of the layers that the schedule freezes in `stage`, counted from 1."""
        return self._plans[stage - 1].frozen

    def build(self, stage: int, frozen: frozenset[str]) -> tuple[Network | BlockNetwork, Optimizer]:
        """Build the network and a new optimizer for a stage.

        Args:
            stage: counted from 1.
            frozen: the names of the layers that do not train.
        """
        network = self._network(stage)
        network.freeze(frozen)
        optimizer = optimizers.build(self._scenario.optimizer, network, self._scenario.model)
        training = self._scenario.training
        scale = None if training.loss_scale == "none" else LossScale(training.loss_scale, self._device)
        optimizer.clip_norm, optimizer.loss_scale = training.clip_norm, scale
        return network, optimizer

    def _network(self, stage: int) -> Network | BlockNetwork:
        if self._blocks is not None:
            return self._blocks
        planned, model = self._plans[stage - 1], self._scenario.model
        output = self._first_output
        if planned.fresh_head:
            assert isinstance(model, Mlp)
            output = build_head(model, self._seed, stage, self._device, self._precision.stored)
        return Network(self._hidden[: planned.hidden], output, self._precision.computes)
