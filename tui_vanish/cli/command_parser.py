"""The parser of one command, which imports the command only when it is used, and its help with examples."""

import argparse
from importlib import import_module
from typing import Any

from tui_vanish.cli.language import add_language_option
from tui_vanish.cli.options import Examples, Parser
from tui_vanish.language import tr


class WithExamples(argparse.HelpFormatter):
    """Fills texts, except the examples, which have a line each."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class Command(Parser):
    """The parser of a command. It imports the command's module only when the command is used."""

    examples: Examples = ()
    _is_filled = False

    def fill(self) -> None:
        """Import the command, and add its options and examples."""
        if self._is_filled:
            return
        self._is_filled = True
        module = import_module(f"tui_vanish.cli.commands.{self.prog.split()[-1]}")
        module.add_arguments(self)
        add_language_option(self)
        self.set_defaults(run=module.run)
        self.examples = module.EXAMPLES
        lines = [f"  {command}\n      {tr(what)}" for command, what in self.examples]
        self.epilog = "\n".join([f"{tr('examples')}:", *lines])

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Fill the parser before its first use; argparse calls this by itself."""
        self.fill()
        return super().parse_known_args(args, namespace)
