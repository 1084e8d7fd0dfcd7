"""Who may see the page and how many, with a small program in place of the app."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from tui_vanish.cli.main import main
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.serve import server as server_module
from tui_vanish.serve.server import Server
from tui_vanish.serve.serving import is_for_this_machine_alone, serve

TOKEN = "s3cret"
# Shows its size, first and when it changes; repeats keys until `q`; writes into a file how it has ended.
PROGRAM = """
import os, select, signal, sys, tty
def show(*_):
    os.write(1, ("%dx%d " % os.get_terminal_size()).encode())
signal.signal(signal.SIGWINCH, show)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(note("terminated")))
def note(text):
    with open(sys.argv[1], "w") as file:
        file.write(text)
tty.setraw(0)
show()
try:
    while (keys := os.read(0, 100)) not in (b"", b"q"):
        os.write(1, b"<" + keys + b">")
    note("quit" if keys else "lost")
except OSError:
    note("lost")
"""
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """The file in which the program writes how it has ended."""
    return tmp_path / "note"


@pytest.fixture
async def server(note: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setattr(server_module, "_FREE_SECONDS", 0.2)
    return Server(["-c", PROGRAM, str(note)], TOKEN, sessions=1)


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    async with TestClient(TestServer(server.app)) as client:
        yield client


def connect(
    client: Client, path: str = f"/{TOKEN}/ws?width=90&height=30", origin: str = ""
) -> "asyncio.Future[ClientWebSocketResponse]":
    own = f"http://{client.host}:{client.port}"
    return asyncio.ensure_future(client.ws_connect(path, headers={"Origin": origin or own}))


async def drawn(page: ClientWebSocketResponse, wanted: bytes) -> None:
    """Read what is drawn until it holds some bytes."""
    seen = b""
    async with asyncio.timeout(20):
        while wanted not in seen:
            message = await page.receive()
            assert message.type is WSMsgType.BINARY, (message, seen)
            seen += message.data


async def ended(note: Path, how: str) -> None:
    async with asyncio.timeout(20):
        while not note.exists() or note.read_text() != how:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "path", ["/", "/terminal.js", "/wrong", "/wrong/", "/wrong/ws", "/S3CRET/", "/s3cret%ff/"]
)
async def test_without_the_token_every_path_is_refused_alike(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status == 403
    assert "it has a token in it" in await answer.text()
    assert TOKEN not in str(answer.headers)


async def test_the_page_and_its_files_come_from_here_alone(client: Client) -> None:
    answer = await client.get(f"/{TOKEN}")
    assert answer.status == 200
    assert answer.url.path == f"/{TOKEN}/"
    page = await answer.text()
    assert "://" not in page
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for name in ("terminal.js", "terminal.css", "start.js", "font.ttf"):
        assert name in page
        assert (await client.get(f"/{TOKEN}/{name}")).status == 200
    for name in ("other", "js/textual.js", "..%2fws", "terminal.js/"):
        assert (await client.get(f"/{TOKEN}/{name}")).status == 404
    assert (await client.get(f"/{TOKEN}/ws")).status == 403
    assert (await client.post(f"/{TOKEN}/")).status == 405


@pytest.mark.parametrize("origin", ["http://example.org", "http://127.0.0.1:1", "null", "http://["])
async def test_a_page_of_another_server_gets_no_terminal(client: Client, origin: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await connect(client, origin=origin)
    assert refused.value.status == 403


async def test_keys_and_sizes_reach_the_program_and_its_output_the_page(client: Client, note: Path) -> None:
    page = await connect(client)
    await drawn(page, b"90x30 ")
    await page.send_json(["resize", {"width": 100, "height": 10**9}])
    await drawn(page, b"100x200 ")
    for message in ("", "[", "[" * 10_000, '["stdin", 1]', '["resize", {}]', "{}", '["other"]'):
        await page.send_str(message)
    await page.send_bytes(b"x")
    await page.send_str('["stdin", "\\ud800é"]')
    await drawn(page, "<?é>".encode())
    await page.send_json(["stdin", "q"])
    assert (await page.receive()).type is WSMsgType.CLOSE
    await ended(note, "quit")


async def test_a_page_that_is_closed_takes_the_terminal_away(client: Client, note: Path) -> None:
    page = await connect(client)
    await drawn(page, b"90x30 ")
    await page.close()
    await ended(note, "lost")


async def test_beyond_the_limit_there_is_a_page_that_says_so(client: Client, note: Path) -> None:
    first = await connect(client)
    await drawn(first, b"90x30 ")
    second = await connect(client)
    assert await second.receive_json() == ["open_url", {"url": "full", "new_tab": False}]
    full = await client.get(f"/{TOKEN}/full")
    assert full.status == 503
    assert "All 1 sessions" in await full.text()
    await first.close()
    third = await connect(client)
    await drawn(third, b"90x30 ")
    await third.close()
    await ended(note, "lost")
    async with asyncio.timeout(20):
        while (await client.get(f"/{TOKEN}/full", allow_redirects=False)).headers.get("Location") is None:
            await asyncio.sleep(0.01)


async def test_the_end_of_the_server_ends_the_programs(client: Client, server: Server, note: Path) -> None:
    page = await connect(client)
    await drawn(page, b"90x30 ")
    assert server.visits == 1
    saving = asyncio.create_task(server.save_and_stop())
    assert (await page.receive()).type is WSMsgType.CLOSE
    await saving
    await ended(note, "terminated")


def test_a_signal_ends_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    def stop(address: str) -> None:
        assert address.startswith("http://127.0.0.1:")
        signal.raise_signal(signal.SIGTERM)

    assert serve(["-c", ""], "127.0.0.1", 0, 1, stop) == signal.SIGTERM


def test_requests_that_are_not_http_write_nothing_into_the_terminal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def send(address: str) -> None:
        port = urlsplit(address).port
        for request in (
            b"GET /%s HTTP/1.1\r\n" % (b"a" * 9000),
            b"\x16\x03\x01\x02\x00\x01",
            b"a b c\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port)) as other:
                other.sendall(request)
        threading.Thread(target=answered, args=(port,)).start()

    def answered(port: int) -> None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=10):
                pass
        except HTTPError:
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    assert serve(["-c", ""], "127.0.0.1", 0, 1, send) == signal.SIGTERM
    assert not caplog.records


def no_address(address: str) -> None:
    raise AssertionError(address)


def test_why_a_port_cannot_be_opened_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FailedError, match=f"port {port} is in use: name another one with --port"):
            serve([], "127.0.0.1", port, 1, no_address)
    with pytest.raises(RefusedError, match=r"'192\.0\.2\.1' is not an address of this machine"):
        serve([], "192.0.2.1", 0, 1, no_address)
    with pytest.raises(RefusedError, match=r"there is no host 'no-such\.invalid'"):
        serve([], "no-such.invalid", 0, 1, no_address)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("box.example.org", False)],
)
def test_which_hosts_only_this_machine_can_reach(host: str, alone: bool) -> None:
    assert is_for_this_machine_alone(host) is alone


def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find: Callable[[str], object] = lambda name: None if name == "textual_serve" else object()  # noqa: E731
    monkeypatch.setattr("tui_vanish.cli.commands.serve.find_spec", find)
    assert main(["serve"]) == 1
    assert capsys.readouterr().err == "vanish-tui: serve needs packages: pip install 'vanish-tui[serve]'\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serve", "--port", "99999"], "expected a whole number from 0 to 65535"),
        (["serve", "--host", ""], "expected the name or the address of a machine"),
        (["serve", "--host", "box..example.org"], "expected the name or the address of a machine"),
        (["serve", "--host", 300 * "a"], "expected the name or the address of a machine"),
        (["serve", "--sessions", "0"], "expected a whole number from 1 to 1000"),
        (["serve", "--data", "/nowhere"], "/nowhere"),
        (["--read-only", "list"], "--read-only is for the app, not for list"),
    ],
)
def test_wrong_use_is_one_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
