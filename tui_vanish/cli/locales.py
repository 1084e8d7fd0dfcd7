"""Which characters the terminal's locale can show."""

from collections.abc import Mapping


def is_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale is UTF-8; also true if no locale is set, as in most containers.

    Python itself sets LC_CTYPE to C.UTF-8 if it finds the locale C, so that value alone proves nothing.
    """
    names = [environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[1] == "C.UTF-8" and names[2]:
        names[1] = ""
    locale = next((name for name in names if name), "C.UTF-8")
    return locale.rpartition(".")[2].partition("@")[0].replace("-", "").lower() == "utf8"
