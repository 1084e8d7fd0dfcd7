"""The app in a real browser: training, keys, a second page, reload, the limit, the end of the server."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pyte
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, WebSocket, sync_playwright

from tests.e2e.processes import run_names, saved
from tests.e2e.pseudo_terminal import PATIENCE, PROGRAM, child_environment, take_signals, understood
from tests.e2e.test_hangup import brief, trains_here
from tests.engine.lab import write_data
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import Owner, owner_of

CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
if CHROMIUM is None and not os.environ.get("CI"):  # where it is missing in CI, the test fails
    pytest.skip("Chromium is not installed", allow_module_level=True)


class Tab:
    """A page with the app, whose terminal is read as the browser receives it."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self._socket: WebSocket | None = None
        self.foreign: list[str] = []
        self.page.on("websocket", self._connect)
        self.page.on("request", self._check)

    def open(self, address: str) -> None:
        self.page.goto(address)

    def reload(self) -> None:
        """Reload the page, which gets another app."""
        self._socket = None
        self.screen.reset()
        self.page.reload()

    def wait_for(self, wanted: str | Callable[[str], object]) -> str:
        """Read until the terminal shows a text or meets a condition; returns what it shows."""
        holds = wanted if callable(wanted) else lambda text: wanted in text
        deadline = monotonic() + PATIENCE
        while not holds(text := "\n".join(line.rstrip() for line in self.screen.display)):
            left = 1000 * (deadline - monotonic())
            try:
                assert left > 0
                if self._socket is None:
                    self.page.wait_for_event("websocket", timeout=left)
                else:
                    self._socket.wait_for_event("framereceived", timeout=left)
            except (AssertionError, Error) as error:
                raise AssertionError(f"not seen: {wanted}\n{text}") from error
        return text

    def type(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def _connect(self, socket: WebSocket) -> None:
        size = parse_qs(urlsplit(socket.url).query)
        self.screen = pyte.Screen(int(size["width"][0]), int(size["height"][0]))
        self._stream = pyte.ByteStream(self.screen)
        self._socket = socket
        socket.on("framereceived", self._draw)

    def _draw(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            self._stream.feed(understood(frame))

    def _check(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", ""):
            self.foreign.append(request.url)


@pytest.fixture
def server(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    data = write_data(tmp_path / "data", train=800)
    options = ["serve", "--port", "0", "--sessions", "2", "--data", str(data), "--lang", "en"]
    with subprocess.Popen(
        [*PROGRAM, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment({}),
        preexec_fn=take_signals,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def children(pid: int) -> list[str]:
    """The processes that a process has started and that have not ended."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def bars(text: str) -> list[str]:
    """The rows with a bar: one per layer."""
    return [line for line in text.splitlines() if "▇" in line]


def owner(run: str) -> Owner | None:
    return owner_of(default_runs_folder() / run)


def test_the_app_in_a_browser(server: "subprocess.Popen[str]", browser: Browser) -> None:
    brief(100_000)
    assert server.stdout is not None
    assert server.stdout.readline().startswith("Open this address")
    address = server.stdout.readline().strip()
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    first = Tab(context)

    refused = first.page.goto(address.replace(urlsplit(address).path, "/wrong/"))
    assert refused is not None
    assert refused.status == 403
    assert "Open the whole address" in first.page.inner_text("body")

    first.open(address)
    first.wait_for("depth-7")
    first.type("Shift+G")
    first.wait_for("▸ brief")
    first.type("Enter")
    seen = bars(first.wait_for(lambda text: len(bars(text)) == 4))
    first.wait_for(lambda text: len(bars(text)) == 4 and bars(text) != seen)
    (run,) = run_names()
    trainer = owner(run)
    assert trainer is not None

    second = Tab(context)
    second.open(address)
    second.wait_for("depth-7")
    second.type("Shift+G")
    second.wait_for("another process")
    assert len(children(server.pid)) == 2

    third = Tab(context)
    third.open(address)
    third.page.get_by_text("All 2 sessions").wait_for()

    first.reload()  # its app loses its terminal
    first.wait_for("another process")
    after = owner(run)
    assert after is not None
    assert after.pid != trainer.pid

    first.type("Shift+T")
    first.wait_for(trains_here)

    second.type("Control+c")
    second.page.locator("#start").wait_for(state="visible")
    assert first.foreign == second.foreign == []

    server.send_signal(signal.SIGINT)
    assert server.wait(PATIENCE) == 128 + signal.SIGINT
    first.page.locator("#start").wait_for(state="visible")
    assert owner(run) is None  # its app has saved it and has ended
    assert saved(run)[-1]["event"] == "run_finished"
    assert server.stderr is not None
    assert server.stderr.read() == ""
