"""What a visitor's browser loads. The terminal's script, style and font are those of textual-serve.

Its own page is not used: that one loads a font from another server, and has its address fixed.
"""

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from types import MappingProxyType

from tui_vanish.language import current, tr

_HERE = Path(__file__).parent
# By their name in the page; nothing else is served.
_OF_TEXTUAL = {
    "terminal.js": ("js/textual.js", "text/javascript"),
    "terminal.css": ("css/xterm.css", "text/css"),
    "font.ttf": ("fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf"),
}
# Scripts only from here: names of runs and scenarios are drawn by the terminal, and never become HTML.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self' ws: wss:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",  # the address has the token
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
)


def assets() -> dict[str, tuple[bytes, str]]:
    """The content and the type of each file beside the page, by name.

    Raises:
        OSError: a file is missing in this version of textual-serve.
    """
    static = files("textual_serve") / "static"
    found = {name: ((static / path).read_bytes(), kind) for name, (path, kind) in _OF_TEXTUAL.items()}
    return {**found, "start.js": ((_HERE / "start.js").read_bytes(), "text/javascript")}


def terminal_page() -> str:
    """The page with the terminal."""
    return _filled(
        "page.html",
        ended=tr("The session has ended. If the connection was lost, its runs continue in the background."),
        again=tr("Open the app again"),
        noscript=tr("The page needs JavaScript."),
    )


def message_page(text: str) -> str:
    """A page with one sentence."""
    return _filled("message.html", text=text)


def _filled(name: str, **texts: str) -> str:
    template = Template((_HERE / name).read_text(encoding="utf-8"))
    return template.substitute({"lang": current(), **{each: escape(text) for each, text in texts.items()}})
