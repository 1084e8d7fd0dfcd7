"""The themes: dark, light, one for colour-blind users, and one with the terminal's own colours."""

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

from tui_vanish.language import marked


def _heat(*colours: str) -> dict[str, str]:
    """Colours from small to large values, ordered by brightness too, for colour-blind users."""
    return {f"heat-{number}": colour for number, colour in enumerate(colours, 1)}


def _lines(*colours: str) -> dict[str, str]:
    """Colours of a chart's lines; the first two are far apart, because they are train and test."""
    return {f"series-{number}": colour for number, colour in enumerate(colours, 1)}


_ON_DARK = _heat("#56598f", "#3f7f9b", "#4fae86", "#a6c75a", "#f5e05f")
_ON_LIGHT = _heat("#8fb3c4", "#5898a8", "#3d7a8c", "#3b5a86", "#3a2f6b")

DARK = Theme(
    name="vanish-dark",
    primary="#7fb4ca",
    secondary="#a292c8",
    accent="#e0af68",
    success="#98bb6c",
    warning="#e0af68",
    error="#e46876",
    foreground="#d3d7dd",
    background="#14161b",
    surface="#181b21",
    panel="#20242c",
    dark=True,
    variables={
        "line": "#3a404c",
        "quiet": "#8a919e",
        **_ON_DARK,
        **_lines("#5aa9e6", "#f4a340", "#7fd069", "#f0627a", "#b48cf2", "#5fd8cf", "#e8eaee"),
    },
)

LIGHT = Theme(
    name="vanish-light",
    primary="#2b6c8f",
    secondary="#6d5aa8",
    accent="#96590b",
    success="#4d7a1e",
    warning="#96590b",
    error="#b3303c",
    foreground="#26292e",
    background="#fafaf7",
    surface="#f2f2ee",
    panel="#e6e6e1",
    dark=False,
    variables={
        "line": "#bfc3c9",
        "quiet": "#666c76",
        **_ON_LIGHT,
        **_lines("#1f6fb2", "#c25a00", "#3f7d20", "#b3203a", "#7a3fb8", "#0f7f86", "#26292e"),
    },
)

# The colours of Okabe and Ito (2008), which can be distinguished with every kind of colour blindness.
SAFE = Theme(
    name="vanish-safe",
    primary="#56b4e9",
    secondary="#cc79a7",
    accent="#f0e442",
    success="#009e73",
    warning="#e69f00",
    error="#d55e00",
    foreground="#e4e6ea",
    background="#101216",
    surface="#15181d",
    panel="#1e2229",
    dark=True,
    variables={
        "line": "#454b57",
        "quiet": "#99a0ad",
        **_ON_DARK,
        **_lines("#56b4e9", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#f0e442", "#e4e6ea"),
    },
)

# The sixteen colours of the terminal; no colours if NO_COLOR is set.
PLAIN = replace(
    BUILTIN_THEMES["ansi-dark"],
    name="vanish-plain",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "line": "ansi_default",
        "quiet": "ansi_default",
        **_heat("ansi_blue", "ansi_cyan", "ansi_green", "ansi_yellow", "ansi_bright_white"),
        **_lines(
            "ansi_blue", "ansi_yellow", "ansi_green", "ansi_red", "ansi_magenta", "ansi_cyan", "ansi_default"
        ),
    },
)

# In the order in which the key switches between them; the keys of the dict are shown to the user, translated.
THEMES: dict[str, Theme] = {
    marked("dark"): DARK,
    marked("light"): LIGHT,
    marked("safe for colour-blind eyes"): SAFE,
    marked("the terminal's own colours"): PLAIN,
}


def next_theme(name: str) -> tuple[str, Theme]:
    """The shown name and the theme that follow the theme called `name`."""
    themes = list(THEMES.items())
    place = next((place for place, (_, theme) in enumerate(themes) if theme.name == name), -1)
    return themes[(place + 1) % len(themes)]


def first_theme(wanted: str, *, plain: bool) -> str:
    """The name of the theme to start with.

    Args:
        wanted: the remembered one; another than ours, or none, gives the dark one.
        plain: NO_COLOR is set.
    """
    if plain:
        return PLAIN.name
    return wanted if wanted in (theme.name for theme in THEMES.values()) else DARK.name
