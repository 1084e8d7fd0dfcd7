"""Every verdict of a run in full, with the numbers that it is based on, and the prediction of theory."""

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from engine.tracking.snapshot import Snapshot
from tui_vanish.chrome.page_screen import MEASURE, PageScreen
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.drawing.wrap import flow
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor import theory_marks, verdicts
from tui_vanish.widgets.scrolling import ScrollingRows
from vanish_recorder.diagnosis.wording import called

if TYPE_CHECKING:
    from engine.meanfield.prediction import Prediction
    from vanish_recorder.protocol.events import VerdictChanged

_NAME, _MEANING = 24, 34  # cells of the names' column; of a watched run, they are words


class Findings(ScrollingRows):
    """The page: all verdicts, the most severe first, and the theory."""

    def __init__(self, run: Snapshot, prediction: "Prediction | None") -> None:
        super().__init__()
        self._run = run
        self._prediction = prediction

    def page_rows(self, width: int) -> list[Row]:
        """The whole page."""
        run, inner = self._run, min(width - 4, MEASURE)
        rows: list[Row] = []
        for verdict in verdicts.most_severe_first(run.verdicts):
            rows += [(), *self._verdict(verdict, inner)]
        if not rows:
            rows += [(), (Piece("  " + tr("No verdict yet."), "dim"),)]
        return rows + self._theory(inner)

    def _verdict(self, verdict: "VerdictChanged", width: int) -> list[Row]:
        since = format.count(verdict.since_step)
        where = called(format.layer_name(verdict.layer)) if verdict.layer else ""
        words = [
            tr("since step {step}, {layer}", step=since, layer=where)
            if where
            else tr("since step {step}", step=since),
            tr("numbers of step {step}", step=format.count(verdict.step)),  # they are not updated later
        ]
        if self._run.layers_step > verdict.step:  # it is open, so it was true of the latest sample
            words.append(tr("still true at step {step}", step=format.count(self._run.layers_step)))
        about = Piece("  " + " · ".join(words), "dim")
        rows: list[Row] = [(Piece("  "), verdicts.kind_name(verdict), about)]
        rows += self._prose(spoken(verdict.text), width)
        column = _MEANING if verdict.cure else _NAME
        rows += [
            (Piece(f"    {name:<{column}}", "dim"), Piece(value))
            for name, value in verdicts.evidence(verdict)
        ]
        if verdict.cure:
            rows += self._prose(spoken(verdict.cure), width)
        if verdict.suggestions:
            rows.append((Piece(f"  {tr('Try:')} "), Piece(", ".join(verdict.suggestions), "strong")))
        return rows

    def _theory(self, width: int) -> list[Row]:
        run, prediction = self._run, self._prediction
        rows: list[Row] = [
            (),
            (Piece(f"  {tr('Theory')}", "title"), Piece("  " + tr("for the first step"), "dim")),
        ]
        if prediction is None:
            return [*rows, (Piece("  " + tr("No prediction."), "dim"),)]
        words = theory_marks.in_words(run, prediction)
        if words:
            measured_at = tr("Measured at step {step}:", step=run.finite_layers_step)
            rows.append((Piece(f"  {measured_at} "), *words))
        if prediction.no_grad_norm:
            why = spoken(prediction.no_grad_norm)
            reason = tr("The weight gradient is not predicted: {reason}.", reason=why)
            rows += self._prose(reason, width)
        measured = {layer.name: layer for layer in run.finite_layers}
        heading = (
            f"  {'':<10}{'dL/da':>10}{tr('theory'):>10}{'dL/dW':>12}{tr('theory'):>10}{'q':>12}{'chi':>10}"
        )
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


class WhyScreen(PageScreen):
    """The verdicts of one run at the moment when the page was opened. The key that opens it also closes it.

    Args:
        run: the run.
        prediction: of the theory for the run's first step; None if there is none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("w", "dismiss", "Back")]

    def __init__(self, run: Snapshot, prediction: "Prediction | None") -> None:
        super().__init__(
            Findings(run, prediction),
            lambda: (Piece(tr("Why"), "title"), Piece(f"  {run.scenario_id}", "strong")),
            lambda: (Piece(tr("step {step}", step=format.count(run.step)), "dim"),),
        )
