"""Every verdict of a run in full, with the numbers that it is based on, and the prediction of theory."""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.getters import query_one
from textual.screen import Screen

from engine.tracking.snapshot import Snapshot
from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.compositor import use_narrow_updates
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.drawing.wrap import flow
from tui_vanish.monitor import theory_marks, verdicts
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.scrolling import ScrollingRows

if TYPE_CHECKING:
    from engine.meanfield.prediction import Prediction
    from engine.protocol.events import VerdictChanged

_MEASURE = 100  # cells: longer lines are hard to read
_NAME = 24  # cells of the names' column


class Findings(ScrollingRows):
    """The page: all verdicts, the most severe first, and the theory."""

    def __init__(self, run: Snapshot, prediction: "Prediction | None") -> None:
        super().__init__()
        self._run = run
        self._prediction = prediction

    def page_rows(self, width: int) -> list[Row]:
        """The whole page."""
        run, inner = self._run, min(width - 4, _MEASURE)
        rows: list[Row] = []
        for verdict in verdicts.most_severe_first(run.verdicts):
            rows += [(), *self._verdict(verdict, inner)]
        if not rows:
            rows += [(), (Piece("  No verdict yet.", "dim"),)]
        return rows + self._theory(inner)

    def _verdict(self, verdict: "VerdictChanged", width: int) -> list[Row]:
        at = f"  since step {format.count(verdict.since_step)}"
        where = f", {format.layer_name(verdict.layer)}" if verdict.layer else ""
        seen = f" · as of step {format.count(verdict.step)}"  # the numbers are not updated later
        rows: list[Row] = [(Piece("  "), verdicts.kind_name(verdict), Piece(at + where + seen, "dim"))]
        rows += self._prose(verdict.text, width)
        rows += [
            (Piece(f"    {name:<{_NAME}}", "dim"), Piece(value)) for name, value in verdicts.evidence(verdict)
        ]
        if verdict.suggestions:
            rows.append((Piece("  Try: "), Piece(", ".join(verdict.suggestions), "strong")))
        return rows

    def _theory(self, width: int) -> list[Row]:
        run, prediction = self._run, self._prediction
        rows: list[Row] = [(), (Piece("  Theory", "title"), Piece("  for the first step", "dim"))]
        if prediction is None:
            return [*rows, (Piece("  No prediction.", "dim"),)]
        words = theory_marks.in_words(run, prediction)
        if words:
            rows.append((Piece("  Measured at step "), Piece(f"{run.finite_layers_step}: "), *words))
        if prediction.no_grad_norm:
            reason = f"The weight gradient is not predicted: {prediction.no_grad_norm}."
            rows += self._prose(reason, width)
        measured = {layer.name: layer for layer in run.finite_layers}
        heading = f"  {'':<10}{'dL/da':>10}{'theory':>10}{'dL/dW':>12}{'theory':>10}{'q':>12}{'chi':>10}"
        rows.append((Piece(heading, "dim"),))
        ascii = self.alphabet.ascii
        for layer in prediction.layers:
            sample = measured.get(layer.name)
            numbers = (
                (sample.delta_norm if sample else None, 10),
                (layer.delta_norm, 10),
                (sample.grad_norm if sample else None, 12),
                (layer.grad_norm, 10),
                (layer.q, 12),
                (layer.chi, 10),
            )
            cells = "".join(f"{format.scientific(value, ascii=ascii):>{room}}" for value, room in numbers)
            rows.append((Piece(f"  {format.layer_name(layer.name):<10}"), Piece(cells)))
        return rows

    def _prose(self, text: str, width: int) -> list[Row]:
        return [(Piece("  "), *row) for row in flow((Piece(text),), width, ascii=self.alphabet.ascii)]


class WhyScreen(Screen[None]):
    """The verdicts of one run at the moment when the page was opened."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape,w,q,enter", "dismiss", "Back"),
        Binding("down,j", "scroll('move', 1)", "Down"),
        Binding("up,k", "scroll('move', -1)", "Up"),
        Binding("pagedown,space,ctrl+d", "scroll('page', 1)", "Page down"),
        Binding("pageup,ctrl+u", "scroll('page', -1)", "Page up"),
        Binding("g,home", "scroll('edge', 'first')", "First line"),
        Binding("G,end", "scroll('edge', 'last')", "Last line"),
        *bindings_everywhere(),
    ]

    _top_line = query_one("#why-top", FrameLine)
    _findings = query_one(Findings)
    _end_line = query_one("#why-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, run: Snapshot, prediction: "Prediction | None") -> None:
        super().__init__()
        use_narrow_updates(self)
        self._run = run
        self._prediction = prediction

    def compose(self) -> ComposeResult:
        """The page in a frame."""
        yield FrameLine("top", id="why-top")
        yield Findings(self._run, self._prediction)
        yield FrameLine("bottom", id="why-end")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the scenario in the heading, and the keys in the footer."""
        run = self._run
        title = (Piece("Why", "title"), Piece(f"  {run.scenario_id}", "strong"))
        self._top_line.show(title, (Piece(f"step {format.count(run.step)}", "dim"),))
        self._key_footer.show({}, hint="esc back   j k scroll")

    def action_scroll(self, how: str, where: int | str) -> None:
        """Scroll the page."""
        getattr(self._findings, how)(where)

    @on(ScrollingRows.Scrolled)
    def _show_more(self, message: ScrollingRows.Scrolled) -> None:
        hidden = message.widget.hidden_below
        more = (Piece(f"{hidden} more ↓", "dim"),) if hidden else ()
        self._end_line.show((), more)
