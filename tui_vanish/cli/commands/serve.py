"""`vanish-tui serve`: the app in a browser, for those without a terminal."""

import argparse
from importlib.util import find_spec

from tui_vanish.cli import options
from tui_vanish.cli.read_only import add_read_only_option, is_read_only
from tui_vanish.jobs.exits import FailedError
from tui_vanish.jobs.telling import say, tell
from tui_vanish.language import marked, tr

_PORT, _SESSIONS, _HOST = 8000, 4, "127.0.0.1"
EXAMPLES = (
    ("vanish-tui serve", marked("prints an address; open it in a browser of this machine")),
    ("vanish-tui serve --port 0", marked("at a port that is free")),
    ("vanish-tui serve --read-only --sessions 30", marked("for a class that looks at your runs")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--host",
        type=options.host,
        default=_HOST,
        metavar="HOST",
        help=tr("name or address that is opened (default: {host}, this machine alone)", host=_HOST),
    )
    parser.add_argument(
        "--port",
        type=options.port,
        default=_PORT,
        metavar="N",
        help=tr("port, or 0 for one that is free (default: {port})", port=_PORT),
    )
    parser.add_argument(
        "--sessions",
        type=options.jobs,
        default=_SESSIONS,
        metavar="N",
        help=tr("how many pages may be open at the same time (default: {number})", number=_SESSIONS),
    )
    add_read_only_option(parser)
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal arrives."""
    if any(find_spec(package) is None for package in ("aiohttp", "textual_serve")):
        raise FailedError(tr("serve needs packages: pip install 'vanish-tui[serve]'"))
    options.check(options.settings(arguments))
    from tui_vanish.serve.serving import is_for_this_machine_alone, serve

    def announce(address: str) -> None:
        if not is_for_this_machine_alone(arguments.host):
            tell(
                tr(
                    "who can reach {host} and knows the address can use the app with your rights; "
                    "the connection is not encrypted",
                    host=arguments.host,
                )
            )
        say(tr("Open this address in a browser; ctrl+c ends the server:"))
        say(address)

    command = ["-m", "tui_vanish", *_for_the_app(arguments)]
    number = serve(command, arguments.host, arguments.port, arguments.sessions, announce)
    return 128 + number


def _for_the_app(arguments: argparse.Namespace) -> list[str]:
    """The options for each visitor's app."""
    words = ["--mouse"]
    for name in ("lang", "device", "seed", "data", "runs_dir"):
        if hasattr(arguments, name):
            words += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
    if hasattr(arguments, "threads"):
        words += ["--threads", str(arguments.threads or "auto")]
    return [*words, "--read-only"] if is_read_only(arguments) else words
