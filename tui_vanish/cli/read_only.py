"""The option of an app that only shows."""

import argparse

from tui_vanish.language import tr


def add_read_only_option(parser: argparse._ActionsContainer) -> None:
    """Add `--read-only`; it has no default, so that it may be given before a command."""
    parser.add_argument(
        "--read-only",
        action="store_true",
        default=argparse.SUPPRESS,
        help=tr("only show: the app starts, changes and deletes nothing"),
    )


def is_read_only(arguments: argparse.Namespace) -> bool:
    """Whether the app only shows."""
    return bool(getattr(arguments, "read_only", False))
