"""Removing what a killed process has left in a run's folder."""

from pathlib import Path

from engine.storage.checkpoint import remove_unfinished
from engine.storage.labels import LABELS
from vanish_recorder.storage.atomic import remove_leftovers
from vanish_recorder.storage.log_file import DESCRIPTION
from vanish_recorder.storage.summary import SUMMARY

_OLD_SECONDS = 3600.0


def tidy(folder: Path) -> None:
    """Remove the temporary files in a run's folder, whose lock must be held."""
    remove_leftovers(folder, (DESCRIPTION, SUMMARY))
    # Another process may be writing labels at this moment.
    remove_leftovers(folder, (LABELS,), older_than=_OLD_SECONDS)
    remove_unfinished(folder)
