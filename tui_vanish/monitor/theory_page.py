"""The theory page that explains a run."""

from typing import TYPE_CHECKING

from scenarios.theory import page_for, page_ids
from tui_vanish.monitor import verdicts

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot


def page_of(run: "Snapshot") -> str | None:
    """The id of the page about the run's scenario, or about the most severe verdict of a watched run.

    None if there is no such page. A page that another version of the program wrote may not exist here.
    """
    if run.watched is None:
        return page_for(run.scenario_id)
    pages = (verdict.page for verdict in verdicts.most_severe_first(run.verdicts))
    return next((page for page in pages if page in page_ids()), None)
