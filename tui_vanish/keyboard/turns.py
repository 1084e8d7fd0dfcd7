"""Gives the app one key at a time: the next one when everything that the last one caused is done.

Textual hands a key to the widget that has the focus at that moment, and carries out its consequences later,
in the queues of several objects: a screen opens, the focus moves, an input closes. Keys that arrive together,
from a slow connection or from a person who types ahead, would go to the widget that had the focus before.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeGuard

from textual.events import Event, InputEvent, Key, MouseMove, Paste
from textual.message import Message
from textual.message_pump import MessagePump

from tui_vanish.language import plural

if TYPE_CHECKING:
    from textual.app import App

MOST = 128  # events that wait; more than a person types ahead, and carried out in about half a second
FIRST = 96  # of them are the oldest, the others the newest
LAST = MOST - FIRST
_FRAME_SECONDS = 0.25  # between two frames while keys wait
_QUICK_LOOKS = 50  # turns of the event loop, before the task waits between two looks
_LOOK_SECONDS = 0.002
# For the consequences of one key, about 2 s: an action may wait for something slow. Not in seconds, which a
# busy machine needs to open a screen.
_PATIENCE_LOOKS = 1_000

_Update = tuple[MessagePump, Callable[[], None]]


def is_input(event: Message) -> TypeGuard[InputEvent | Paste]:
    """Whether an event comes from the user: a key, the mouse or a paste, before it was handed to a widget."""
    return isinstance(event, InputEvent | Paste) and not event.is_forwarded


class Turns:
    """The keys, clicks and pastes that wait, in the order in which they were typed.

    A full queue forgets what is in the middle. So many keys are no person's, and would occupy the app for
    minutes; but the last one is answered, and may be the one that ends it.

    Args:
        app: gets each event when it is its turn.
    """

    def __init__(self, app: "App[Any]") -> None:
        self._app = app
        self._waiting: deque[Event] = deque()
        self._lock = threading.Lock()
        self._awake = False
        self._task: asyncio.Task[None] | None = None
        self._due: Event | None = None
        self._lately_busy: deque[MessagePump] = deque(maxlen=8)
        self._looks = 0  # since everything was settled
        self._ignored = 0
        self._held = ExitStack()  # holds back the frames while keys wait
        self._updates: dict[_Update, None] = {}  # in order; they come before the next frame
        self._is_holding = self._frame_lost = False
        self._next_frame = 0.0

    @property
    def is_full(self) -> bool:
        """Whether input is being ignored. Any thread may ask."""
        return len(self._waiting) >= MOST

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits, and what the last event has caused is done."""
        return not self._awake

    def passes(self, event: Event) -> bool:
        """Whether the app may act on the event now; else it is put in the queue."""
        if event is self._due:
            self._due = None
            return True
        # Alone, as almost always: nothing waits, and only this event is being processed.
        if not self._awake and not self._waiting and is_settled(self._app, in_app=True):
            return True
        if self.put(event):
            self.begin()
        return False

    def put(self, event: Event) -> bool:
        """Add an event. Any thread may do so.

        Returns:
            Whether `begin` has to be called, in the app's thread.
        """
        with self._lock:
            if len(self._waiting) >= MOST:
                del self._waiting[FIRST]
                self._ignored += 1
            if isinstance(event, MouseMove) and self._waiting and isinstance(self._waiting[-1], MouseMove):
                self._waiting.pop()
            self._waiting.append(event)
            begins, self._awake = not self._awake, True
        return begins

    def ignore(self, number: int) -> None:
        """Count keys that a full queue would forget. Any thread may do so."""
        with self._lock:
            self._ignored += number

    def begin(self) -> None:
        """Start to hand the waiting events to the app."""
        self._task = asyncio.get_running_loop().create_task(self._hand_on())

    def update(self, node: MessagePump, show: Callable[[], None]) -> None:
        """Call `show` for a screen: now, or once before the next frame if frames are held back."""
        if self._is_holding:
            self._updates[node, show] = None
        else:
            show()

    async def _hand_on(self) -> None:
        try:
            await self._hand_on_all()
        except Exception:
            self._awake = False  # the next key starts again
            raise
        finally:
            self._draw()
            self._lately_busy.clear()  # a closed screen is not kept

    async def _hand_on_all(self) -> None:
        while True:
            await self.until_settled()
            if self._updates and not self._waiting:
                self._draw()
                continue
            with self._lock:
                if not self._waiting:
                    self._awake = False
                    ignored, self._ignored = self._ignored, 0
                    break
                self._due = self._waiting.popleft()
                followed = bool(self._waiting) and isinstance(self._waiting[0], Key)
            self._hold_frames() if followed else self._draw()
            if not self._app.post_message(self._due):
                return  # the app has ended
        self._draw()
        if ignored:
            text = plural(
                "Too many keys at once: {keys} of them was ignored.",
                "Too many keys at once: {keys} of them were ignored.",
                ignored,
                keys=f"{ignored:,}",
            )
            self._app.call_later(self._app.notify, text, severity="warning", timeout=5)

    async def until_settled(self) -> None:
        """Wait for what the last event has caused, but not for ever: later keys may be needed to end it."""
        while self._due is not None or not self._is_settled():
            if self._app.return_code is not None:
                return  # the app has ended, and takes nothing any more
            if self._due is None and self._looks > _PATIENCE_LOOKS:
                return  # from now on without waiting, until everything has settled once
            if self._looks >= _QUICK_LOOKS or not _is_laid_out(self._app):
                self._draw()  # it takes long, or waits for the layout, which is held back, too
            if _is_free(self._app):
                self._due = None  # it never arrived: another event has replaced it, or a filter stopped it
            self._looks += 1
            await asyncio.sleep(0 if self._looks < _QUICK_LOOKS else _LOOK_SECONDS)
        self._looks = 0

    def _is_settled(self) -> bool:
        """Whether nothing is under way. The objects that were busy lately are asked first."""
        if any(map(_is_busy, self._lately_busy)):
            return False
        busy = _under_way(self._app)
        if busy is not None and busy not in self._lately_busy:
            self._lately_busy.append(busy)
        return busy is None

    def _hold_frames(self) -> None:
        """Draw nothing until `_draw`: the next key would change it at once."""
        now = monotonic()
        if now >= self._next_frame:
            self._draw()
            self._next_frame = now + _FRAME_SECONDS
        elif not self._is_holding:
            self._is_holding = True
            self._held.enter_context(self._app.batch_update())

    def lose_frame(self) -> None:
        """Note that a frame is not sent if frames are held back: Textual does not draw its changes again."""
        self._frame_lost |= self._is_holding

    def _draw(self) -> None:
        """Draw what was held back."""
        if not self._is_holding:
            return
        self._is_holding = False
        for node, show in self._updates:
            if node.is_attached:
                node.call_next(show)
        self._updates.clear()
        self._held.close()
        lost, self._frame_lost = self._frame_lost, False
        if self._app.screen_stack:
            screen = self._app.screen
            screen.refresh() if lost else screen.check_idle()


def update(node: MessagePump, show: Callable[[], None]) -> None:
    """Call `show`, which only draws what a key has changed: once for all keys that wait.

    Args:
        node: the screen; nothing is called any more when it is closed.
        show: nothing that the next key needs may depend on it.
    """
    turns = getattr(node.app, "turns", None)
    if isinstance(turns, Turns):
        turns.update(node, show)
    else:
        show()


def is_settled(app: "App[Any]", *, in_app: bool = False) -> bool:
    """Whether nothing is under way: every object waits for a message, and the screen is laid out.

    Textual has no public way to ask. Its Pilot waits by sending a callback to every widget, which costs more.
    If the private parts have other names in a version of Textual, each key acts at once, as in Textual.

    Args:
        app: the app.
        in_app: whether the app itself asks, while it processes the only message that it has.
    """
    return _under_way(app, in_app=in_app) is None


def _under_way(app: "App[Any]", *, in_app: bool = False) -> MessagePump | None:
    """An object that is not settled; None if there is none."""
    try:
        stack = app._screen_stack
        if not stack or app._next_callbacks or (app._message_queue.qsize() if in_app else not _waits(app)):
            return app
        screen = stack[-1]
        if not screen.is_mounted or screen._callbacks or screen._layout_required:
            return screen
        # Some show what a key has led to only after another thread has answered.
        if not all(getattr(each, "is_filled", True) for each in (app, screen)):
            return app
        return next(filter(_is_busy, app._registry), None)
    except AttributeError:
        return None


def _is_laid_out(app: "App[Any]") -> bool:
    return not any(getattr(screen, "_layout_required", False) for screen in app.screen_stack[-1:])


def _is_free(node: MessagePump) -> bool:
    try:
        return _waits(node)
    except AttributeError:
        return False


def _is_busy(node: MessagePump) -> bool:
    if node._task is None or node._closing or node._closed:  # it has ended, or is about to
        return False
    arrived: Any = node._message_queue.ready_event
    return not arrived._waiters or arrived.is_set()


def _waits(node: MessagePump) -> bool:
    """Whether a message loop waits for the next message."""
    arrived: Any = node._message_queue.ready_event
    return bool(arrived._waiters) and not arrived.is_set()
