"""Standard output and standard error that cannot end a training.

A full disk, a lost device or a closed descriptor must not interrupt what the program does. What cannot be
written is dropped, and the program reports it once, at its end.
"""

import io
import os
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

from scenarios.problems import printable
from tui_vanish.jobs.exits import FAILED
from tui_vanish.language import marked, tr
from vanish_recorder.storage.private import for_the_user_alone, make_private_folder

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NAMES = {1: marked("standard output"), 2: marked("standard error")}
_LARGEST_LOG = 1 << 20  # bytes


class Output(io.RawIOBase):
    """A descriptor whose errors are remembered and not raised.

    Only standard output raises BrokenPipeError: its reader has closed it, as `head` does, and wants no more.

    Args:
        descriptor: 1 or 2.
        error: why nothing can be written from the start; empty if it can.
    """

    def __init__(self, descriptor: int, error: str = "") -> None:
        self._descriptor = descriptor
        self._error = error
        self.lost = ""

    def writable(self) -> bool:
        """True: this is an output."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return not self._error and os.isatty(self._descriptor)

    def write(self, content: "ReadableBuffer", /) -> int:
        """Write some of the content; after an error, drop it. Returns how many bytes are done."""
        while not self.lost:
            if self._error:
                self.lost = self._error
                break
            try:
                return os.write(self._descriptor, content)
            except BlockingIOError:  # another program has made it non-blocking
                select.select([], [self._descriptor], [])
            except BrokenPipeError as error:
                if self._descriptor == 1:
                    raise
                self.lost = str(error.strerror)
            except OSError as error:
                self.lost = str(error.strerror)
        return memoryview(content).nbytes


def guarded(run: Callable[[], int]) -> int:
    """Run the program with guarded outputs; returns its exit code, which is never 0 if output was lost."""
    outputs = [_guard(descriptor, name) for descriptor, name in ((1, "stdout"), (2, "stderr"))]
    try:
        code = run()
    except SystemExit as end:  # --help and --version
        code = end.code if isinstance(end.code, int) else 0
    return (code or FAILED) if _report(outputs) else code


@contextmanager
def kept_off_the_screen(log: Path) -> Iterator[None]:
    """While the app draws, let what libraries write to standard error go to a file.

    Native libraries write to descriptor 2 themselves, which would spoil the screen. The app draws through
    `sys.__stderr__`, which gets a descriptor of its own for that time.

    Args:
        log: is appended to. It is emptied first if it is large; if it cannot be opened, the text is dropped.
    """
    screen = os.dup(2)
    before = sys.stderr
    stream = _stream(Output(screen), before)
    _use("stderr", stream)
    with _opened(log) as file:
        size = os.fstat(file.fileno()).st_size
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            stream.flush()
            os.dup2(screen, 2)
            _use("stderr", before)
            if os.fstat(file.fileno()).st_size > size:
                text = tr("Libraries have written messages; they are in {log}", log=printable(str(log)))
                print(text, file=sys.stderr)


def _opened(log: Path) -> IO[bytes]:
    """Open the log to append; if that fails, what is written is dropped."""
    with suppress(OSError):
        make_private_folder(log.parent)
        file = for_the_user_alone(str(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        if os.fstat(file).st_size > _LARGEST_LOG:
            os.truncate(file, 0)
        return os.fdopen(file, "ab")
    return open(os.devnull, "ab")


def _guard(descriptor: int, name: str) -> Output:
    """Replace `sys.stdout` or `sys.stderr`, and open its descriptor if the caller has closed it.

    If it stayed closed, the next file that is opened would receive what is printed.
    """
    closed = False
    for number in range(descriptor + 1):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            closed = number == descriptor
    output = Output(descriptor, marked("it is closed") if closed else "")
    _use(name, _stream(output, getattr(sys, name)))
    return output


def _use(name: str, stream: TextIO) -> None:
    """Print to a stream, and let Textual draw there."""
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)


def _stream(output: Output, before: TextIO | None) -> TextIO:
    """A text stream like the one before it."""
    return io.TextIOWrapper(
        io.BufferedWriter(output),
        encoding=before.encoding if before else "utf-8",
        errors="replace",  # titles have characters that a locale may lack
        line_buffering=before.line_buffering if isinstance(before, io.TextIOWrapper) else True,
        write_through=isinstance(before, io.TextIOWrapper) and before.write_through,
    )


def _report(outputs: Sequence[Output]) -> bool:
    """Say in one sentence which output was lost; returns whether any was."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of --help wants no more; Python would try again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stderr.flush()
    lost = [output for output in outputs if output.lost]
    if lost:
        which = tr(" and ").join(f"{tr(_NAMES[output.fileno()])} ({tr(output.lost)})" for output in lost)
        # It goes to the stream that works, but JSON lines must stay JSON lines.
        stream = sys.stdout if lost[0].fileno() == 2 and "--json" not in sys.argv else sys.stderr
        text = tr("some output was lost: it could not be written to {outputs}", outputs=which)
        print(f"vanish-tui: {text}", file=stream)
        stream.flush()
    return bool(lost)
