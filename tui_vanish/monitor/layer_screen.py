"""One layer in detail: histograms of its weights, gradients and activations, measured on request."""

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.getters import query_one

from engine.protocol.commands import Inspect
from engine.tracking.snapshot import Snapshot
from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.instruments.histogram import HistogramView
from tui_vanish.instruments.quantities import number
from tui_vanish.language import marked, plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor.theory_page import page_of
from tui_vanish.widgets.frame import FrameLine
from vanish_recorder.protocol.quantities import QUANTITIES

if TYPE_CHECKING:
    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

_BESIDE = 110  # cells; from this width on the histograms are side by side


class LayerScreen(LiveScreen[str]):
    """A layer of a run. It is dismissed with the layer that was shown last.

    Args:
        session: has the run.
        host: opens other screens.
        run: name of the run.
        layer: the layer to show first.
    """

    LEAVE = "back"
    BINDINGS = [  # noqa: RUF012
        Binding("escape,d,q", "back", "Back"),
        Binding("down,j", "step(1)", "Next layer"),
        Binding("up,k", "step(-1)", "Previous layer"),
        Binding("enter,space", "measure", "Measure again"),
        *bindings_everywhere(),
    ]

    _top_line = query_one("#layer-top", FrameLine)
    _histograms = query_one("#histograms", Container)
    _weights = query_one("#weights", HistogramView)
    _gradients = query_one("#gradients", HistogramView)
    _activations = query_one("#activations", HistogramView)
    _end_line = query_one("#layer-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, session: "Session", host: "Host", run: str, layer: str) -> None:
        super().__init__(session, host)
        self._run_name = run
        self._layer = layer
        self._notices = 0  # so many there were when the measurement was asked for

    def compose(self) -> ComposeResult:
        """Three histograms in a frame."""
        yield FrameLine("top", id="layer-top")
        with Container(id="histograms"):
            yield HistogramView(marked("Weights"), id="weights")
            yield HistogramView(marked("Gradients dL/dW"), id="gradients")
            yield HistogramView(marked("Activations h"), id="activations")
        yield FrameLine("bottom", id="layer-end")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Ask for the first measurement."""
        self._key_footer.show({}, hint=tr("esc back   j k next, previous layer   ⏎ measure again"))
        self.action_measure()
        self.call_later(self.show)  # the screen is mounted only after this event

    def on_resize(self, event: events.Resize) -> None:
        """Put the histograms side by side if there is room."""
        self._histograms.set_class(event.size.width >= _BESIDE, "-beside")

    @property
    def _shown_run(self) -> Snapshot | None:
        return next((run for run in self.session.snapshot.runs if run.run == self._run_name), None)

    @property
    def scenario_id(self) -> str | None:
        """The id of the run's scenario."""
        return self._shown_run.scenario_id if self._shown_run else None

    @property
    def theory_page(self) -> str | None:
        """The page about the run's scenario, or about the verdict of a watched run."""
        return page_of(self._shown_run) if self._shown_run else None

    def show(self) -> None:
        """Show the latest measurement of this layer, and its values in the latest sample."""
        run = self._shown_run
        if not self.has_parts or run is None:
            return
        view = self.session.snapshot.inspection
        if view is not None and (view.run, view.layer) != (self._run_name, self._layer):
            view = None
        title = (Piece(run.scenario_id, "strong"), Piece(f"  {format.layer_name(self._layer)}", "title"))
        refusal = "" if view else self._refusal()
        waiting = tr("not measured") if refusal else tr("measuring…")
        measured = waiting
        if view:
            measured = plural(
                "at step {step} · {number} image",
                "at step {step} · {number} images",
                view.images,
                step=format.count(view.step),
            )
        self._top_line.show(title, (Piece(measured, "dim"),))
        if view is None:
            for each in (self._weights, self._gradients, self._activations):
                each.show(None, waiting)
        else:
            self._weights.show(view.weights)
            self._gradients.show(view.gradients, tr("no gradients: the layer is frozen"))
            self._activations.show(view.activations)
        self._end_line.show((Piece(refusal, "warn"),) if refusal else _latest(run, self._layer))

    def _refusal(self) -> str:
        """Why the engine has not measured; empty if it may still do so. Another process's run is not here."""
        about = (self._run_name, "")
        notices = self.session.snapshot.notices
        new = (notice for notice in notices if notice.number > self._notices and notice.run in about)
        return next((spoken(notice.text) for notice in new if notice.severity == "warning"), "")

    def action_measure(self) -> None:
        """Measure the layer now."""
        self._notices = max((notice.number for notice in self.session.snapshot.notices), default=0)
        self.session.send(Inspect(self._run_name, self._layer))

    def action_step(self, by: int) -> None:
        """Show another layer."""
        run = self._shown_run
        if run is None:
            return
        names = [layer.name for layer in run.layers] or run.spec.layer_names
        place = names.index(self._layer) + by if self._layer in names else 0
        layer = names[min(max(0, place), len(names) - 1)]
        if layer != self._layer:
            self._layer = layer
            self.action_measure()
            self.show()

    def action_back(self) -> None:
        """Back to the lab."""
        self.dismiss(self._layer)


def _latest(run: Snapshot, layer_name: str) -> Row:
    """The layer's values in the run's latest sample."""
    sample = next((layer for layer in run.layers if layer.name == layer_name), None)
    if sample is None:
        return ()
    grad, *others = (
        QUANTITIES[name] for name in ("grad_norm", "update_ratio", "unmoved", "saturated", "dead")
    )
    labelled = [(grad.symbol, grad), *((quantity.column, quantity) for quantity in others)]
    words = [
        f"{label} {number(quantity, value)}"
        for label, quantity in labelled
        if (value := sample.value(quantity)) is not None
    ]
    return (
        Piece(tr("step {step}:", step=format.count(run.layers_step)) + " ", "dim"),
        Piece("  ".join(words)),
    )
