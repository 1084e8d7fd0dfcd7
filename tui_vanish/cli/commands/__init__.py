"""The commands, one a module, imported only when chosen.

Each has `add_arguments(parser)` and `run(arguments)`, which returns the exit code.
"""
