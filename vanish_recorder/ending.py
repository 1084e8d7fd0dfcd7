"""How a script ends. Python tells the functions that it calls at its exit neither the exit code nor why.

An exception that ends the script is kept by Python itself, but SystemExit is not. So a call of `sys.exit`, or
of `exit` and `quit` that the module `site` adds, is noticed here. Training after it means that the script has
caught it.
"""

import builtins
import sys
import threading
from functools import wraps
from typing import NoReturn

_asked: SystemExit | None = None  # the latest call of `sys.exit` in the main thread
_listens = False


def listen() -> None:
    """Notice calls of `sys.exit` from now on."""
    global _listens
    if _listens:
        return
    _listens = True
    leave = sys.exit

    @wraps(leave)
    def noticed(status: "int | str | None" = None, /) -> NoReturn:
        _notice(status)
        leave(status)

    sys.exit = noticed
    quitter = type(getattr(builtins, "exit", None))  # the class of both; `python -S` has neither
    if quitter.__name__ == "Quitter":
        raises = quitter.__call__

        @wraps(raises)
        def called(self: object, code: "int | str | None" = None) -> NoReturn:
            _notice(code)
            raises(self, code)
            raise SystemExit(code)  # not reached

        quitter.__call__ = called  # type: ignore[method-assign]


def _notice(status: "int | str | None") -> None:
    global _asked
    if threading.current_thread() is threading.main_thread():  # in another one, it ends only that
        _asked = SystemExit(status)


def continues() -> None:
    """The script trains: it has not ended."""
    global _asked
    _asked = None


def error() -> BaseException | None:
    """The exception that ended the script, as far as it is known; None if none did."""
    last = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return last if isinstance(last, BaseException) else _asked
