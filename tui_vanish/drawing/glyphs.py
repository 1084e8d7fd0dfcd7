"""What the instruments draw with: one alphabet for UTF-8, one for terminals that have only ASCII."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alphabet:
    """Signs, each one cell wide but for `gap`.

    Attributes:
        bar: a cell of a bar.
        bar_tips: a bar's last cell, from empty upward in equal parts; the full cell is `bar`.
        frozen_bar: a cell of a frozen layer's bar.
        theory: where theory puts a bar's end.
        guide: where a tick goes on through the empty part of a bar's row.
        gap: some layers are left out here.
        stroke: what plotext draws an unlettered line with, solid and dashed.
        point: a point that no line joins to another.
        mark: a vertical line, such as a stage boundary.
        levels: how large something is, from the lowest to the highest.
    """

    ascii: bool
    bar: str
    bar_tips: str
    frozen_bar: str
    theory: str
    guide: str
    missing: str
    selected: str
    gap: str
    stroke: tuple[str, str]
    point: str
    mark: str
    not_finite: str
    axis: str
    axis_tick: str
    corner: str
    base: str
    base_tick: str
    levels: str


UTF8 = Alphabet(
    ascii=False,
    bar="▇",
    bar_tips=" ▏▎▍▌▋▊▉",
    frozen_bar="░",
    theory="┊",
    guide="·",
    missing="–",
    selected="▸",
    gap="…",
    stroke=("braille", "braille"),
    point="•",
    mark="┊",
    not_finite="×",
    axis="│",
    axis_tick="┤",
    corner="└",
    base="─",
    base_tick="┴",
    levels="▁▂▃▄▅▆▇█",
)

ASCII = Alphabet(
    ascii=True,
    bar="#",
    bar_tips=" ",
    frozen_bar="=",
    theory=":",
    guide=".",
    missing="-",
    selected=">",
    gap="...",
    stroke=("*", "-"),
    point="o",
    mark=":",
    not_finite="x",
    axis="|",
    axis_tick="+",
    corner="+",
    base="-",
    base_tick="+",
    levels=".:-+*#%@",
)


def alphabet(ascii: bool) -> Alphabet:
    """The alphabet to draw with."""
    return ASCII if ascii else UTF8
