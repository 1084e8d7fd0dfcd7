"""The characters to draw with: one alphabet for UTF-8, one for terminals limited to ASCII."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alphabet:
    """A set of signs. Each is one cell wide, except `gap` in ASCII.

    Attributes:
        bar: a full cell of a bar.
        bar_tips: the last cell of a bar, from empty upward in equal steps; a full cell is `bar`.
        frozen_bar: a cell of a frozen layer's bar.
        theory: marks where the bar would end according to theory.
        guide: continues a tick through the empty part of a bar's row.
        gap: replaces layers that are left out.
        stroke: plotext's markers for a line without a letter, solid and dashed.
        point: a single point that is not joined to others.
        markers: shapes that distinguish a chart's lines without colour; in ASCII the line is drawn with them.
        mark: a vertical line, such as a stage boundary.
        levels: sizes, from the lowest to the highest.
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
    markers: str
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
    markers="●▲·",
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
    markers="*o.",
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
    """The alphabet for ASCII, or for UTF-8."""
    return ASCII if ascii else UTF8
