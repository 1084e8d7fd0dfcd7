"""Run another program as if it were this one: it keeps the terminal, and gets the signals that come here."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

_PASSED_ON = {
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGCONT,
    signal.SIGWINCH,
    signal.SIGALRM,
}
_FROM_THE_KERNEL = 0x80  # SI_KERNEL: the terminal sends it to the whole group


def become(program: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Turn this process into the program: its number, terminal and signals are the same.

    Raises:
        OSError: the program cannot be started.
    """
    _restore_signals()
    os.execve(program, list(command), dict(environment))


def run_to_its_end(program: str, command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the program, and pass on every signal that does not come from the terminal, which it gets itself.

    Returns:
        How it ended, as subprocess has it: its exit code, or minus the signal that ended it.

    Raises:
        OSError: the program cannot be started.
    """
    awaited = _PASSED_ON | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    try:
        process = subprocess.Popen(
            list(command),
            executable=program,
            env=dict(environment),
            close_fds=False,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
        )
        while process.poll() is None:
            came = signal.sigwaitinfo(awaited)
            if came.si_signo != signal.SIGCHLD and came.si_code != _FROM_THE_KERNEL:
                with suppress(ProcessLookupError):
                    process.send_signal(came.si_signo)
    finally:
        while signal.sigtimedwait(awaited, 0):  # what came too late for the program ends nothing here
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process.returncode


def end_like(code: int) -> int:
    """The exit code of a program that has ended; if a signal ended it, this process ends by it as well."""
    if code < 0:
        with suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL)
        _dump_no_core()
        os.kill(os.getpid(), -code)
        return 128 - code
    return code


def _restore_signals() -> None:
    """What Python ignores for itself, a program that is no Python would inherit."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def _dump_no_core() -> None:
    """The program has left its own memory for a debugger; this process's would be beside it."""
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
