"""A display that ctrl+c interrupts at its first drawing leaves a visible cursor."""

import io

import pytest
from rich.console import Console
from rich.live import Live
from rich.progress import Progress

from tui_vanish.cli.displays import begin

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@pytest.mark.parametrize("kind", [Live, Progress])
def test_ctrl_c_at_the_first_drawing_shows_the_cursor_again(kind: type[Live] | type[Progress]) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True)

    def interrupted() -> None:
        assert HIDE in written.getvalue()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin(kind(console=console, auto_refresh=False), interrupted)
    assert written.getvalue().rfind(SHOW) > written.getvalue().rfind(HIDE)
