"""`vanish-tui completion`: what lets a shell complete the words of a command line."""

import argparse

from tui_vanish.language import marked, tr

SHELLS = ("bash", "zsh", "fish")
EXAMPLES = (
    ('eval "$(vanish-tui completion bash)"', marked("in ~/.bashrc")),
    ('eval "$(vanish-tui completion zsh)"', marked("in ~/.zshrc, after compinit")),
    (
        "vanish-tui completion fish > ~/.config/fish/completions/vanish-tui.fish",
        marked("for fish, once"),
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("shell", choices=SHELLS, help=tr("the shell"))


def run(arguments: argparse.Namespace) -> int:
    """Print the shell's code."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["vanish-tui"], shell=arguments.shell))
    return 0
