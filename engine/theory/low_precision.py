"""The numbers that fp32, fp16 and bf16 have: their range, the distance between neighbours, and rounding.

A type with m mantissa bits has, between each power of two and the next, 2^m numbers at equal distances (IEEE
754). Below its smallest normal number the distance stays the same down to 0. It needs no torch.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A floating-point type.

    Attributes:
        name: as scenarios write it.
        exponent: bits.
        mantissa: bits, without the leading 1 that is not stored.
    """

    name: str
    exponent: int
    mantissa: int

    @property
    def smallest_normal(self) -> float:
        """The smallest number with all bits of the mantissa."""
        return math.ldexp(1.0, 2 - 2 ** (self.exponent - 1))

    @property
    def smallest(self) -> float:
        """The smallest number above 0."""
        return self.smallest_normal * 2.0**-self.mantissa

    @property
    def largest(self) -> float:
        """The largest number that is finite."""
        return math.ldexp(2 - 2.0**-self.mantissa, 2 ** (self.exponent - 1) - 1)

    def spacing(self, value: float) -> float:
        """The distance from |value| to the next larger number of the type."""
        power = math.frexp(max(abs(value), self.smallest_normal))[1] - 1
        return math.ldexp(1.0, power - self.mantissa)

    def rounded(self, value: float) -> float:
        """The nearest number of the type, of two the one whose last bit is 0; infinite if it is too large."""
        if not math.isfinite(value):
            return value
        step = self.spacing(value)
        nearest = round(value / step) * step  # round() takes the even one of two
        return math.copysign(math.inf, value) if abs(nearest) > self.largest else nearest


# The types by name.
FORMATS = {each.name: each for each in (Format("fp32", 8, 23), Format("bf16", 8, 7), Format("fp16", 5, 10))}


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one gradient and one update.

    Attributes:
        scaled: the gradient times the loss scale, as the type holds it; 0 or infinite if it cannot.
        gradient: that divided by the scale again, in fp32.
        update: the learning rate times the gradient.
        spacing: from the weight to its neighbour in the type.
        weight: after the step, in the type.
        master: after the step, in fp32.
    """

    scaled: float
    gradient: float
    update: float
    spacing: float
    weight: float
    master: float


def step(kind: Format, weight: float, gradient: float, rate: float, scale: float = 1.0) -> Step:
    """Plain gradient descent by one step, with the gradient in a type and the weight in that type or in fp32.

    Args:
        kind: the type.
        weight: before the step.
        gradient: exact.
        rate: the learning rate.
        scale: of the loss.
    """
    single = FORMATS["fp32"]
    scaled = kind.rounded(gradient * scale)
    found = single.rounded(scaled / scale)
    update = rate * found
    before, finite = kind.rounded(weight), math.isfinite(found)
    return Step(
        scaled=scaled,
        gradient=found,
        update=update,
        spacing=kind.spacing(weight),
        weight=kind.rounded(before - update) if finite else before,
        master=single.rounded(single.rounded(weight) - update) if finite else single.rounded(weight),
    )
