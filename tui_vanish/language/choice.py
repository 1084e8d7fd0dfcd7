"""Which language the program speaks: the option, the environment, the user's last choice, the locale."""

from collections.abc import Mapping, Sequence

from tui_vanish.language.translation import LANGUAGES, SOURCE

OPTION = "--lang"
VARIABLE = "VANISH_TUI_LANG"
_OF_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first one that is set decides


def asked_for(arguments: Sequence[str]) -> str:
    """The language that the command line names; "" if it names none that we have.

    It is read before the parser is built, because the parser's own texts are translated.
    """
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    found = ""
    for place, argument in enumerate(own):
        if argument == OPTION:
            found = own[place + 1] if place + 1 < len(own) else ""
        elif argument.startswith(f"{OPTION}="):
            found = argument.removeprefix(f"{OPTION}=")
    return _known(found)


def of_environment(environment: Mapping[str, str]) -> str:
    """The language that our variable names; "" if it names none that we have."""
    return _known(environment.get(VARIABLE, ""))


def of_locale(environment: Mapping[str, str]) -> str:
    """The language of the locale, or else the one of the code."""
    locale = next((value for name in _OF_LOCALE if (value := environment.get(name))), "")
    return _known(locale) or SOURCE


def _known(name: str) -> str:
    """`vi` for vi, vi_VN and vi_VN.UTF-8; "" for a language that we do not have."""
    code = name.lower().replace("-", "_").partition("_")[0].partition(".")[0]
    return code if code in LANGUAGES else ""
