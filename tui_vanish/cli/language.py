"""The language of the command line, and the words of argparse in it."""

import argparse
import os
from collections.abc import Sequence

from tui_vanish.language import LANGUAGES, marked, tr, use
from tui_vanish.language.choice import OPTION, asked_for, of_environment, of_locale
from tui_vanish.language.translation import catalogue

# What argparse says in an error or a help text; it asks for the translation itself.
ARGPARSE_SAYS = (
    marked("usage: "),
    marked("positional arguments"),
    marked("options"),
    marked("show this help message and exit"),
    marked("argument %(argument_name)s: %(message)s"),
    marked("unrecognized arguments: %s"),
    marked("not allowed with argument %s"),
    marked("ignored explicit argument %r"),
    marked("the following arguments are required: %s"),
    marked("one of the arguments %s is required"),
    marked("expected one argument"),
    marked("expected at most one argument"),
    marked("expected at least one argument"),
    marked("ambiguous option: %(option)s could match %(matches)s"),
    marked("invalid %(type)s value: %(value)r"),
    marked("invalid choice: %(value)r (choose from %(choices)s)"),
)


def begin_in_the_users_language(arguments: Sequence[str]) -> None:
    """Choose the language for everything that follows: before the parser is built, whose texts are in it."""
    use(asked_for(arguments) or of_environment(os.environ) or _switched_to() or of_locale(os.environ))
    vars(argparse).update({"_": tr, "ngettext": _argparse_plural})


def _switched_to() -> str:
    """The language that the user has switched to in the app; "" if there is none."""
    from tui_vanish.session.preferences import preferences_file, recall

    language = recall(preferences_file()).language
    return language if language in LANGUAGES else ""


def _argparse_plural(one: str, several: str, number: int) -> str:
    """Without filling in the number, which argparse does itself."""
    return catalogue().ngettext(one, several, number)


def add_language_option(parser: argparse._ActionsContainer) -> None:
    """Add `--lang`, which `begin_in_the_users_language` has read already."""
    parser.add_argument(
        OPTION,
        choices=tuple(LANGUAGES),
        metavar="vi|en",
        default=argparse.SUPPRESS,
        help=tr("language of all sentences (default: the last choice in the app, or else the locale)"),
    )
