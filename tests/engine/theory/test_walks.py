"""The surfaces' minima and the optimizers' paths on them."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from engine.networks.mlp import Network
from engine.theory.surfaces import HILLY, PLATEAU, REACH, SURFACES, TRENCH, Point, Surface
from engine.theory.walks import Settings, Step, Trail
from engine.training.optimizers import SDAGD
from scenarios.schema import Mlp

STEP = 1e-5
SETTINGS = Settings(lr=0.05, momentum=0.8, beta1=0.85, beta2=0.99, radius=0.3)
START = Point(-3.0, 2.5)


def walk(name: str, surface: Surface, start: Point, settings: Settings, steps: int) -> list[Step]:
    return Trail(name, surface, start, settings).first(steps)


def hilly(p: Tensor) -> Tensor:
    x, y = p
    height: Tensor = (
        0.05 * (x**2 + y**2)
        - 1.0 * torch.exp(-0.5 * ((x + 2) ** 2 + (y - 1) ** 2))
        - 1.2 * torch.exp(-0.5 * ((x - 2) ** 2 + (y - 2) ** 2))
        - 2.0 * torch.exp(-0.5 * ((x - 1) ** 2 + (y + 2) ** 2))
    )
    return height


def trench(p: Tensor) -> Tensor:
    x, y = p
    height: Tensor = 0.05 * (x**2 + y**2) - 2 * torch.exp(-0.5 * (y / 0.25) ** 2)
    return height


def plateau(p: Tensor) -> Tensor:
    x, y = p
    height: Tensor = 1 - torch.exp(-0.5 * (x**2 + y**2))
    return height


# As their formulas are printed on the page, for autograd.
FORMULAS: dict[str, Callable[[Tensor], Tensor]] = {"hilly": hilly, "trench": trench, "plateau": plateau}
every_surface = pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)


def descend(surface: Surface, at: Point) -> Point:
    """Down to a minimum with short steps."""
    for _ in range(20_000):
        gradient = surface.gradient(at)
        at = Point(at.x - 0.02 * gradient.x, at.y - 0.02 * gradient.y)
        if math.hypot(*gradient) < 1e-12:
            break
    return at


@every_surface
@pytest.mark.parametrize("at", [START, Point(0.3, -0.2), Point(2.0, -3.5)])
def test_a_surface_is_its_printed_formula(surface: Surface, at: Point) -> None:
    p = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    value = FORMULAS[surface.name](p)
    (gradient,) = torch.autograd.grad(value, p, create_graph=True)
    hessian = [float(torch.autograd.grad(gradient[i], p, retain_graph=True)[0][i]) for i in range(2)]
    assert surface.value(at) == pytest.approx(value.item(), abs=1e-12)
    assert surface.gradient(at) == pytest.approx(gradient.tolist(), abs=1e-12)
    assert surface.curvature(at) == pytest.approx(hessian, abs=1e-11)


@every_surface
def test_heights_on_a_grid_are_the_surface(surface: Surface) -> None:
    xs, ys = [-3.5, 0.0, 1.2], [2.0, -0.3]
    for y, row in zip(ys, surface.heights(xs, ys), strict=True):
        assert row == pytest.approx([surface.value(Point(x, y)) for x in xs], abs=1e-12)


@every_surface
def test_at_a_minimum_it_is_flat_and_curves_upward_both_ways(surface: Surface) -> None:
    for minimum in surface.minima:
        assert math.hypot(*surface.gradient(minimum)) < 1e-5
        assert min(surface.curvature(minimum)) > 0


@pytest.mark.parametrize("surface", [HILLY, TRENCH], ids=lambda surface: surface.name)
def test_every_way_down_ends_in_one_of_the_minima_named(surface: Surface) -> None:
    ends = {
        min(surface.minima, key=lambda minimum: math.dist(minimum, end))
        for x in range(-4, 5, 2)
        for y in range(-4, 5, 2)
        if (end := descend(surface, Point(x, y)))
        and min(math.dist(end, minimum) for minimum in surface.minima) < 1e-4
    }
    assert ends == set(surface.minima)


def test_the_hilly_surface_has_two_local_minima_and_the_global_one_first() -> None:
    heights = [HILLY.value(minimum) for minimum in HILLY.minima]
    assert len(heights) == 3
    assert heights[0] < heights[1] < heights[2]


def test_the_plateau_is_lowest_in_its_middle_and_flat_at_its_rim() -> None:
    assert PLATEAU.value(PLATEAU.minima[0]) == 0
    assert math.hypot(*PLATEAU.gradient(Point(REACH, REACH))) < 1e-6


def torch_path(
    surface: Surface, build: Callable[[list[Tensor]], torch.optim.Optimizer], steps: int
) -> list[list[float]]:
    p = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = build([p])
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(FORMULAS[surface.name](p))
        optimizer.step()
        path.append(p.tolist())
    return path


@every_surface
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("SGD", lambda p: torch.optim.SGD(p, lr=0.05)),
        ("momentum", lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8)),
        ("Adam", lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.85, 0.99), eps=1e-8)),
    ],
)
def test_a_walk_is_that_of_torch_on_the_same_function(
    surface: Surface, name: str, build: Callable[[list[Tensor]], torch.optim.Optimizer]
) -> None:
    ours = [step.at for step in walk(name, surface, START, SETTINGS, 60)]
    for at, theirs in zip(ours, torch_path(surface, build, 60), strict=True):
        assert at == pytest.approx(theirs, abs=1e-9)


@every_surface
def test_sdagd_walks_by_the_rule_of_the_engines_optimizer(surface: Surface) -> None:
    linear = nn.Linear(2, 1, bias=True, dtype=torch.float64)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([START]))
    network = cast(Network, SimpleNamespace(layers=[linear], parameters=linear.parameters))
    model = cast(Mlp, None)
    optimizer = SDAGD(network, model, radius=0.3, norm="layer")
    for step in walk("SDAGD", surface, START, SETTINGS, 60):
        at = Point(*linear.weight.tolist()[0])
        linear.weight.grad = torch.tensor([surface.gradient(at)], dtype=torch.float64)
        curvature = torch.tensor([surface.curvature(at)], dtype=torch.float64).clamp_min(0)
        cast(Any, optimizer)._curvature = [(curvature, torch.zeros(1, dtype=torch.float64))]
        optimizer.step()
        assert step.at == pytest.approx(linear.weight.tolist()[0], abs=1e-9)


def test_sdagd_crosses_the_plateau_where_sgd_does_not_move() -> None:
    start = Point(-3.5, 3.5)
    settings = Settings(lr=0.1, radius=0.2)
    sgd, sdagd = (walk(name, PLATEAU, start, settings, 100)[-1].at for name in ("SGD", "SDAGD"))
    assert math.dist(sgd, start) < 0.01
    assert math.hypot(*sdagd) < 0.01


def test_who_leaves_the_map_for_good_is_not_followed_further() -> None:
    steps = walk("SGD", TRENCH, Point(0.0, 0.2), Settings(lr=1000.0), 500)
    assert len(steps) < 500
    assert all(math.isfinite(value) for step in steps[:-1] for value in step.at)


def test_a_trail_asked_for_again_is_the_same_walk() -> None:
    trail = Trail("Adam", HILLY, START, SETTINGS)
    later, sooner = trail.first(30), trail.first(10)
    assert sooner == later[:10] == walk("Adam", HILLY, START, SETTINGS, 10)
