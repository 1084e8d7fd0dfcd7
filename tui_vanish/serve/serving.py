"""From the opened port to the end of the server."""

import asyncio
import errno
import ipaddress
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.http import HttpProcessingError

from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.language import tr
from tui_vanish.serve.server import Server

_TOKEN_BYTES = 32
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LAST_SECONDS = 12.0  # that the apps get to end


def serve(
    arguments: Sequence[str], host: str, port: int, sessions: int, on_open: Callable[[str], None]
) -> signal.Signals:
    """Serve the app until a signal arrives; a second one ends this process at once.

    After SIGINT and SIGTERM, the runs of all visitors are saved and stop; after SIGHUP, they continue in the
    background, as after the loss of a terminal.

    Args:
        arguments: of the interpreter that is started for a visitor.
        host: name or address of this machine.
        port: 0 for one that is free.
        sessions: how many visitors there may be at the same time.
        on_open: called with the address that the visitors need.

    Returns:
        The signal.

    Raises:
        RefusedError: the host is not one of this machine, or the port may not be used.
        FailedError: the port is in use, or textual-serve cannot be used.
    """
    return asyncio.run(_serve(arguments, host, port, sessions, on_open))


async def _serve(
    arguments: Sequence[str], host: str, port: int, sessions: int, on_open: Callable[[str], None]
) -> signal.Signals:
    came = _signals()
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    try:
        server = Server(arguments, token, sessions)
    except OSError as error:
        raise FailedError(
            tr("this version of textual-serve cannot be used: {path} is missing", path=error.filename)
        ) from None
    runner = web.AppRunner(server.app, access_log=None, logger=_log(), shutdown_timeout=_LAST_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise _why_not_opened(error, host, port) from None
        on_open(f"http://{_shown_host(host)}:{runner.addresses[0][1]}/{token}/")
        number = await came.get()
        if number != signal.SIGHUP:
            ending = asyncio.create_task(_save_and_close(server, runner))
        else:
            ending = asyncio.create_task(runner.cleanup())
        again = asyncio.create_task(came.get())
        await asyncio.wait([ending, again], return_when=asyncio.FIRST_COMPLETED)
        if again.done():
            os._exit(128 + again.result())  # the apps lose their terminals, and end by themselves
        again.cancel()
        await ending
        return number
    finally:
        await runner.cleanup()


async def _save_and_close(server: Server, runner: web.AppRunner) -> None:
    await server.save_and_stop()
    await runner.cleanup()


def is_for_this_machine_alone(host: str) -> bool:
    """Whether only programs of this machine can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _log() -> logging.Logger:
    """The log of aiohttp, without requests that are not HTTP: anyone can send many of those."""

    def is_fault(record: logging.LogRecord) -> bool:
        return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)

    log = logging.getLogger("aiohttp.server.vanish-tui")
    log.addFilter(is_fault)
    return log


def _signals() -> "asyncio.Queue[signal.Signals]":
    """The signals that end the server; one that the caller ignores, such as SIGHUP under nohup, is not."""
    came: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, came.put_nowait, number)
    return came


def _why_not_opened(error: OSError, host: str, port: int) -> RefusedError | FailedError:
    """The error for the user; asyncio's own text repeats the address."""
    if isinstance(error, socket.gaierror):
        return RefusedError(tr("there is no host {host}: {reason}", host=repr(host), reason=error.strerror))
    reason = os.strerror(error.errno) if error.errno else str(error)
    if isinstance(error, PermissionError):
        return RefusedError(
            tr(
                "port {port} may not be used ({reason}): name another one with --port",
                port=port,
                reason=reason,
            )
        )
    match errno.errorcode.get(error.errno or 0):
        case "EADDRINUSE":
            text = tr("port {port} is in use: name another one with --port, or 0 for a free one", port=port)
            return FailedError(text)
        case "EADDRNOTAVAIL":
            return RefusedError(tr("{host} is not an address of this machine", host=repr(host)))
    return FailedError(
        tr("{host} port {port} cannot be opened: {reason}", host=host, port=port, reason=reason)
    )


def _shown_host(host: str) -> str:
    """The host as a part of an address that a browser understands."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:  # all addresses of this machine
        return socket.gethostname()
    return f"[{host}]" if address.version == 6 else host
