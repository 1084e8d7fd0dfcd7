"""Which characters the terminal's locale has."""

from collections.abc import Mapping


def is_utf8(environment: Mapping[str, str]) -> bool:
    """Whether the locale is UTF-8. One that nobody has set, as in most containers, counts as it.

    Python itself puts C.UTF-8 into LC_CTYPE where it finds the locale C, so that alone says nothing.
    """
    names = [environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if names[1] == "C.UTF-8" and names[2]:
        names[1] = ""
    locale = next((name for name in names if name), "C.UTF-8")
    return locale.rpartition(".")[2].partition("@")[0].replace("-", "").lower() == "utf8"
