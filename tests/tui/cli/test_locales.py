"""With which locales the app draws more than ASCII."""

import locale

import pytest

from tui_vanish.cli.locales import is_utf8


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"LANG": "vi_VN.UTF-8"}, True),
        ({"LANG": "en_GB.utf8"}, True),
        ({"LANG": "de_DE.UTF-8@euro"}, True),
        ({"LANG": "en_US.ISO-8859-1"}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, True),
        ({"LANG": "en_US.ISO-8859-1", "LC_CTYPE": "en_US.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        # Without a codeset in the name, and not installed here: Python sets LC_CTYPE.
        ({"LANG": "vi_VN", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "hi_IN", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "fa_IR"}, True),
        ({"LANG": "ta_IN"}, True),
        ({"LANG": "xx_YY"}, True),
        ({"LANG": "sr_RS@latin"}, True),
        ({"LANG": "de_DE"}, False),
        ({"LANG": "de_DE@euro"}, False),
        ({"LANG": "POSIX"}, False),
        ({"LANG": "a\0b"}, True),
    ],
)
def test_the_locale_says_whether_it_is_utf8(environment: dict[str, str], expected: bool) -> None:
    assert is_utf8(environment) is expected


def test_an_installed_locale_says_its_codeset_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of glibc say nothing about it: vi_VN is UTF-8 and ja_JP is not."""
    installed = {"vi_VN": "UTF-8", "ja_JP": "EUC-JP", "de_DE": "UTF-8"}
    chosen = ["C"]

    def set_locale(_: int, name: str | None = None) -> str:
        if name is not None:
            if name not in (*installed, "C"):
                raise locale.Error
            chosen[0] = name
        return chosen[0]

    monkeypatch.setattr(locale, "setlocale", set_locale)
    monkeypatch.setattr(locale, "nl_langinfo", lambda _: installed[chosen[0]])
    assert [is_utf8({"LANG": name}) for name in installed] == [True, False, True]
    assert chosen == ["C"], "the locale of the process was changed"
