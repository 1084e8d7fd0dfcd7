"""Where the program begins. It imports little, so that an early ctrl+c ends it without a traceback."""

import sys

from tui_vanish import working_folder

_SHADOWED = working_folder.leave_out()  # before any other import

from tui_vanish.cli.importing import ending_at_once  # noqa: E402


def main() -> int:
    """Import the command line and run it; returns the exit code."""
    if _SHADOWED:
        print(f"vanish-tui: {_SHADOWED}", file=sys.stderr)
        return 1
    if sys.platform != "linux":
        print(f"vanish-tui needs Linux (on Windows: WSL); this is {sys.platform}", file=sys.stderr)
        return 1
    with ending_at_once():
        from tui_vanish.cli import main as cli
        from tui_vanish.cli import output
    return output.guarded(cli.main)


if __name__ == "__main__":
    sys.exit(main())
