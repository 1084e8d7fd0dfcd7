"""The models of an optimizer, found among all objects."""

import gc

import pytest
import torch
from torch import nn

from vanish_recorder.automatic.roots import roots_of


def test_the_root_is_the_model_and_not_its_parts() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)))
    assert roots_of(list(model.parameters())[2:3]) == [model]


def test_the_root_is_the_wrapper_of_a_model() -> None:
    model = nn.Linear(2, 2)
    wrapper = nn.DataParallel(model)
    assert roots_of(model.parameters()) == [wrapper]


def test_a_generator_and_a_discriminator_are_two_models() -> None:
    generator, discriminator = nn.Linear(2, 2), nn.Linear(2, 1)
    assert roots_of(generator.parameters()) == [generator]
    assert roots_of(discriminator.parameters()) == [discriminator]


def test_several_models_come_in_the_order_of_the_optimizer() -> None:
    encoder, decoder = nn.Linear(2, 2), nn.Linear(2, 1)
    assert roots_of([*decoder.parameters(), *encoder.parameters()]) == [decoder, encoder]
    assert roots_of([*encoder.parameters(), *decoder.parameters()]) == [encoder, decoder]


def test_a_tied_weight_belongs_to_one_model() -> None:
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    tied = second.weight = first.weight
    model = nn.Sequential(first, second)
    assert isinstance(tied, nn.Parameter)
    assert roots_of([tied]) == [model]


def test_a_tensor_without_a_module_has_no_model() -> None:
    assert roots_of([nn.Parameter(torch.zeros(2))]) == []


def test_modules_that_contain_each_other_do_not_hang() -> None:
    class Part(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(1, 1)

    first, second = Part(), Part()
    first.other, second.other = second, first
    assert roots_of(first.parameters())


def test_a_proxy_is_not_asked_for_its_class() -> None:
    class Proxy:
        @property
        def __class__(self) -> type:
            pytest.fail("the search must not wake a lazy object")

        @__class__.setter
        def __class__(self, value: type) -> None: ...

    proxy = Proxy()
    gc.collect()
    model = nn.Linear(1, 1)
    assert roots_of(model.parameters()) == [model]
    del proxy
