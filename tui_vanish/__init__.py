"""Screens, widgets and the command line. Importing this package loads neither torch nor Textual."""
