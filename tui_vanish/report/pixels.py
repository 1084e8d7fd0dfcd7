"""Figures as PNG, drawn by resvg: a library in one wheel, without a browser or Cairo on the machine."""

from tui_vanish.jobs.exits import FailedError
from tui_vanish.language import tr

_ZOOM = 2  # pixels for each unit of the figure


def png(svg: str) -> bytes:
    """An SVG text as the bytes of a PNG file.

    Raises:
        FailedError: resvg is not installed.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise FailedError(tr("--png needs a package: pip install 'vanish-tui[png]'")) from None
    return bytes(svg_to_bytes(svg_string=svg, zoom=_ZOOM))
