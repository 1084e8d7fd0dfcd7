"""Where the program begins: with as little as can be, so that a ctrl+c that comes at once is no traceback."""

import signal


def main() -> int:
    """Import the command line and run it; returns the exit code."""
    asked_to_listen = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not behind nohup, say
    if asked_to_listen:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui_vanish import cli

    if asked_to_listen:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return cli.main()
