"""The commands, one per module; a module is imported only when its command is used.

Each has `add_arguments(parser)` and `run(arguments)`, which returns the exit code.
"""
