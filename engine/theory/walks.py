"""The path of an optimizer on a surface of two weights: torch.optim's rules and SDAGD, in plain Python."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.theory.surfaces import Point, Surface

FAR = 1e3  # a path that is farther from 0 than this will not come back, and ends


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the optimizers. Each optimizer reads only its own.

    Attributes:
        lr: of SGD, momentum and Adam (α).
        momentum: of SGD with momentum.
        beta1: of Adam.
        beta2: of Adam.
        eps: of Adam.
        radius: R of SDAGD.
    """

    lr: float = 0.1
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    radius: float = 0.2


class Step(NamedTuple):
    """One step, with the values that its update was computed from.

    Attributes:
        at: the point after the step.
        gradient: at the point before the step.
        first: momentum's velocity, or Adam's first moment m.
        second: Adam's second moment v, or SDAGD's curvature h.
        scale: SDAGD's μ = ‖g‖/R; 0 for the others.
    """

    at: Point
    gradient: Point
    first: Point
    second: Point
    scale: float


ZERO = Point(0.0, 0.0)
Walk = Iterator[Step]


class Trail:
    """The steps of an optimizer on a surface. They are computed when they are first needed, and kept.

    Args:
        name: of the optimizer, a key of OPTIMIZERS.
        surface: to minimise.
        start: the first point.
        settings: of the optimizer.
    """

    def __init__(self, name: str, surface: Surface, start: Point, settings: Settings) -> None:
        self._walk = OPTIMIZERS[name](surface, start, settings)
        self._taken: list[Step] = []

    def first(self, steps: int) -> list[Step]:
        """The first `steps` steps; fewer if the path moves too far away."""
        while len(self._taken) < steps and not self._has_left:
            self._taken.append(next(self._walk))
        return self._taken[:steps]

    @property
    def _has_left(self) -> bool:
        return bool(self._taken) and not max(map(abs, self._taken[-1].at)) < FAR


def sgd(surface: Surface, at: Point, settings: Settings) -> Walk:
    """θ ← θ − lr·g."""
    while True:
        gradient = surface.gradient(at)
        at = Point(at.x - settings.lr * gradient.x, at.y - settings.lr * gradient.y)
        yield Step(at, gradient, ZERO, ZERO, 0.0)


def momentum(surface: Surface, at: Point, settings: Settings) -> Walk:
    """v ← momentum·v + g; θ ← θ − lr·v, as in torch.optim.SGD."""
    velocity = ZERO
    while True:
        gradient = surface.gradient(at)
        velocity = Point(
            settings.momentum * velocity.x + gradient.x, settings.momentum * velocity.y + gradient.y
        )
        at = Point(at.x - settings.lr * velocity.x, at.y - settings.lr * velocity.y)
        yield Step(at, gradient, velocity, ZERO, 0.0)


def adam(surface: Surface, at: Point, settings: Settings) -> Walk:
    """Algorithm 1 of Kingma and Ba (2014), as on the slide."""
    m = v = ZERO
    beta1, beta2, time = settings.beta1, settings.beta2, 0
    while True:
        time += 1
        gradient = surface.gradient(at)
        m = Point(*(beta1 * old + (1 - beta1) * g for old, g in zip(m, gradient, strict=True)))
        v = Point(*(beta2 * old + (1 - beta2) * g * g for old, g in zip(v, gradient, strict=True)))
        m_hat, v_hat = corrected(m, beta1, time), corrected(v, beta2, time)
        at = Point(
            at.x - settings.lr * m_hat.x / (math.sqrt(v_hat.x) + settings.eps),
            at.y - settings.lr * m_hat.y / (math.sqrt(v_hat.y) + settings.eps),
        )
        yield Step(at, gradient, m, v, 0.0)


def sdagd(surface: Surface, at: Point, settings: Settings) -> Walk:
    """θ ← θ − g/(μ + h), μ = ‖g‖/R; h is the exact diagonal of the Hessian, and 0 where that is negative."""
    while True:
        gradient, curvature = surface.gradient(at), surface.curvature(at)
        h = Point(max(0.0, curvature.x), max(0.0, curvature.y))
        mu = math.hypot(*gradient) / settings.radius
        at = Point(at.x - damped(gradient.x, mu, h.x), at.y - damped(gradient.y, mu, h.y))
        yield Step(at, gradient, ZERO, h, mu)


def corrected(moment: Point, beta: float, time: int) -> Point:
    """Adam's m̂ or v̂: the moment, corrected for its start at 0.

    Args:
        moment: m or v.
        beta: β₁ or β₂.
        time: the step, counted from 1.
    """
    return Point(moment.x / (1 - beta**time), moment.y / (1 - beta**time))


def damped(gradient: float, mu: float, h: float) -> float:
    """g/(μ + h): of length R if h is small, a Newton step g/h if μ is small; 0 if g is 0."""
    return gradient / (mu + h) if gradient else 0.0


OPTIMIZERS: dict[str, Callable[[Surface, Point, Settings], Walk]] = {
    "SGD": sgd,
    "momentum": momentum,
    "Adam": adam,
    "SDAGD": sdagd,
}
