"""Which characters the terminal's locale can show."""

import codecs
import locale
from collections.abc import Mapping
from contextlib import suppress

_COERCED = "C.UTF-8"


def is_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale is UTF-8; also true if no locale is set, as in most containers.

    Python itself sets LC_CTYPE to C.UTF-8 if it finds the locale C or one that is not installed, so the value
    alone proves nothing.
    """
    names = [environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[1] == _COERCED and names[2]:
        names[1] = ""
    name = next((name for name in names if name), _COERCED)
    return codeset(name).replace("-", "").lower() == "utf8"


def codeset(name: str) -> str:
    """The codeset of a locale: what its name says, else what the C library says, else the usual one."""
    named = name.partition("@")[0].partition(".")[2]
    return named or _installed_codeset(name) or _usual_codeset(name)


def _installed_codeset(name: str) -> str:
    """The codeset of an installed locale; empty if it is not installed."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
        return locale.nl_langinfo(locale.CODESET)
    except (locale.Error, ValueError):  # ValueError: a NUL in the name
        return ""
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def _usual_codeset(name: str) -> str:
    """What Python knows of a locale that is not installed here, such as one that SSH has passed on.

    Its table has historical codesets for some locales that have been UTF-8 for decades: vi_VN, hi_IN, ta_IN.
    No terminal uses a codeset that Python cannot encode.
    """
    usual = locale.normalize(name).partition("@")[0].partition(".")[2]
    with suppress(LookupError):
        return codecs.lookup(usual or "UTF-8").name
    return "UTF-8"
