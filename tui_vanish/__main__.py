"""Where the program begins. It imports little, so that an early ctrl+c ends it without a traceback."""

import sys

from tui_vanish.cli.importing import ending_at_once


def main() -> int:
    """Import the command line and run it; returns the exit code."""
    with ending_at_once():
        from tui_vanish.cli import main as cli
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
