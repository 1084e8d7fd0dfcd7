"""The server: who may see the page, and how many apps run at the same time.

The token is a part of the address, not a cookie: a browser sends a cookie to every port of a machine, so also
to the server of another user there.
"""

import asyncio
import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus

from aiohttp import WSCloseCode, WSMsgType, web

from tui_vanish.jobs.telling import tell
from tui_vanish.language import tr
from tui_vanish.serve import pages
from tui_vanish.serve.visit import Visit

_FULL = "full"  # the page for a visitor for whom there is no place
_LARGEST_INPUT = 1 << 20  # bytes of a message from the page, such as a paste
_HEARTBEAT_SECONDS = 15.0  # after which a page that does not answer is gone
_CLOSE_SECONDS = 2.0  # that a page gets to confirm that its connection is closed
_SAVE_SECONDS = 5.0  # that the apps get; a signal ends them in 2 s, or later on a busy machine
_FREE_SECONDS = 5.0  # that a new visitor waits, because the app of a page that was left needs a moment to end


class Server:
    """Shows the app to visitors that know the token, each in a process of its own.

    Args:
        arguments: of the interpreter that is started for a visitor, such as `-m tui_vanish`.
        token: the first part of every path.
        sessions: how many visitors there may be at the same time.

    Raises:
        OSError: textual-serve has no page that can be used.
    """

    def __init__(self, arguments: Sequence[str], token: str, sessions: int) -> None:
        self._arguments, self._token, self._sessions = arguments, token, sessions
        self._free = asyncio.Semaphore(sessions)
        self._assets = pages.assets()
        self._visits: dict[Visit, web.WebSocketResponse] = {}
        self._is_ending = False
        self.app = web.Application()
        self.app.router.add_route("*", "/{path:.*}", self._answer)
        self.app.on_shutdown.append(self._close)

    @property
    def visits(self) -> int:
        """How many apps run now."""
        return len(self._visits)

    async def save_and_stop(self) -> None:
        """Let every app save its runs and end; without this, they continue when the server ends."""
        self._is_ending = True
        visits = list(self._visits)
        for visit in visits:
            visit.save_and_stop()
        with suppress(
            TimeoutError
        ):  # an app that loses its terminal before it has acted leaves its runs running
            async with asyncio.timeout(_SAVE_SECONDS):
                await asyncio.gather(*(visit.ended.wait() for visit in visits))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request; without the token, all paths are alike."""
        token, _, name = request.path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(errors="replace"), self._token.encode()):
            text = tr("Open the whole address that vanish-tui serve has printed: it has a token in it.")
            return _page(pages.message_page(text), HTTPStatus.FORBIDDEN)
        if request.method not in ("GET", "HEAD"):
            return _page(pages.message_page(tr("Only GET is allowed.")), HTTPStatus.METHOD_NOT_ALLOWED)
        if name == "ws":
            return await self._show_app(request)
        if name in self._assets:
            body, kind = self._assets[name]
            return web.Response(body=body, content_type=kind, headers=pages.HEADERS)
        if name == _FULL and self._free.locked():
            return self._full()
        if name == _FULL or request.path == f"/{token}":
            return web.Response(status=HTTPStatus.FOUND, headers={**pages.HEADERS, "Location": f"/{token}/"})
        if name:
            return _page(pages.message_page(tr("There is no such page.")), HTTPStatus.NOT_FOUND)
        return _page(pages.terminal_page(), HTTPStatus.OK)

    async def _show_app(self, request: web.Request) -> web.StreamResponse:
        """Run an app for a page, until one of them ends."""
        if request.headers.get("Origin") not in (f"http://{request.host}", f"https://{request.host}"):
            text = tr("The page belongs to another server.")
            return _page(pages.message_page(text), HTTPStatus.FORBIDDEN)
        socket = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS, heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LARGEST_INPUT
        )
        if not socket.can_prepare(request).ok:
            return _page(pages.message_page(tr("There is no such page.")), HTTPStatus.NOT_FOUND)
        # A page asks for its terminal when it is shown; if it was loaded again, its place is free by then.
        if not await self._take_place():
            await socket.prepare(request)
            await socket.send_json(["open_url", {"url": _FULL, "new_tab": False}])
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        try:
            await socket.prepare(request)
            size = _number(request.query.get("width"), 80), _number(request.query.get("height"), 24)
            visit = Visit(self._arguments, *size)
            self._visits[visit] = socket
            try:
                await _connect(visit, socket)
            finally:
                await visit.end()
                del self._visits[visit]
        except ConnectionError:  # the visitor left while the page was being answered
            pass
        except OSError as error:
            tell(tr("no process can be started for a visitor: {reason}", reason=error.strerror))
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            self._free.release()
        return socket

    async def _take_place(self) -> bool:
        """Take one of the places, which must be released; False if none becomes free."""
        if self._is_ending:
            return False
        try:
            async with asyncio.timeout(_FREE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            return False
        return True

    def _full(self) -> web.Response:
        text = tr(
            "All {number} sessions of this server are in use. Close another page, or try again later.",
            number=self._sessions,
        )
        return _page(pages.message_page(text), HTTPStatus.SERVICE_UNAVAILABLE)

    async def _close(self, _: web.Application) -> None:
        """Close every page, and wait until the apps have ended."""
        self._is_ending = True
        visits = dict(self._visits)
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in visits.values()))
        await asyncio.gather(*(visit.ended.wait() for visit in visits))


async def _connect(visit: Visit, socket: web.WebSocketResponse) -> None:
    """Pass keys to the app, and what it draws to the page, until one of them is gone."""
    drawing = asyncio.create_task(_draw(visit, socket))
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await _act(visit, socket, message.data)
    finally:
        drawing.cancel()
        await asyncio.wait([drawing])
    if not drawing.cancelled():
        drawing.result()


async def _draw(visit: Visit, socket: web.WebSocketResponse) -> None:
    """Send the page what the app draws; when the app has ended, close the page's connection."""
    try:
        async for piece in visit.output():
            await socket.send_bytes(piece)
    except ConnectionError:  # the visitor has left
        pass
    finally:
        await socket.close()


async def _act(visit: Visit, socket: web.WebSocketResponse, text: str) -> None:
    """Do what a message of the page says; one that is not of its form is ignored."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return
    match message:
        case ["stdin", str(keys)]:
            await visit.type(keys)
        case ["resize", {"width": int(columns), "height": int(rows)}]:
            visit.resize(columns, rows)
        case ["ping", str(sent)]:
            await socket.send_json(["pong", sent])


def _page(html: str, status: HTTPStatus) -> web.Response:
    return web.Response(text=html, content_type="text/html", status=status, headers=pages.HEADERS)


def _number(text: str | None, default: int) -> int:
    return (
        int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 5 else default
    )
