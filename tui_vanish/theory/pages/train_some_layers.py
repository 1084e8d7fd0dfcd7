"""Train some layers: the seven stages of the staged training, one at a time."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import scenarios
from tui_vanish.language import tr
from tui_vanish.theory.page import Knob, Page
from tui_vanish.theory.sheet import Sheet

if TYPE_CHECKING:
    from scenarios.schema import Stage

_STAGES = 7
_ROLES = {"new": "good", "train": "series-1", "frozen": "dim", "none": "line"}
_BOX = 30  # cells
_WIDEST = 10  # most cells for a stage in the timeline


class TrainSomeLayers(Page):
    """The page."""

    id = "train-some-layers"
    step_label = "next stage"
    run_label = "run"

    def __init__(self) -> None:
        super().__init__()
        self.stage = Knob("stage", range(1, _STAGES + 1), 1)

    def knobs(self) -> Sequence[Knob[Any]]:
        """The stage."""
        return (self.stage,)

    def step(self) -> bool:
        """Go to the next stage."""
        self.stage.turn(1)
        return self.stage.value < _STAGES

    def restart(self) -> None:
        """Return to the first stage."""
        self.stage.set(1)

    @cached_property
    def _stages(self) -> "tuple[Stage, ...]":
        return scenarios.load("staged").stages

    def draw(self, sheet: Sheet) -> None:
        """The network in the chosen stage as boxes, and a timeline of all stages beside it."""
        number = self.stage.value
        top = sheet.paragraph(0, self.words("intro")) + 1
        sizes = self._stages[number - 1].sub_models
        title = self.words("stage", number=str(number), sizes=" + ".join(map(str, sizes)))
        sheet.put(0, top, title, "title")
        rows = 3 if sheet.height > 28 else 1
        self._network(sheet.part(0, top + 1, _BOX, 3 + _STAGES * rows), rows)
        self._timeline(sheet.part(_BOX + 4, top + 1, sheet.width - _BOX - 4, 3 + _STAGES * rows), rows)
        signs = {kind: _sign(sheet, kind) for kind in _ROLES}
        bottom = sheet.footnotes(self._says())
        sheet.put(0, bottom - 1, self.words("legend", **signs), "dim")

    def _network(self, sheet: Sheet, rows: int) -> None:
        """The layers from the output down to the input, as the slides draw them."""
        sheet.put(0, 0, f"{_sign(sheet, 'new') * 3} {self.words('output')}", _ROLES["new"])
        for place, (layer, sub_model) in enumerate(reversed(list(enumerate(self._sub_models(), 1)))):
            kind = self._kind(self.stage.value, sub_model)
            for row in range(rows):
                sheet.put(0, 1 + place * rows + row, _sign(sheet, kind) * 3, _ROLES[kind])
            words = tr("layer {layer}   sub-model {sub_model}", layer=layer, sub_model=sub_model)
            sheet.put(4, 1 + place * rows + rows // 2, words, _ROLES[kind])
        sheet.put(1, 1 + _STAGES * rows, "x", "dim")

    def _timeline(self, sheet: Sheet, rows: int) -> None:
        column = min(_WIDEST, sheet.width // _STAGES)
        sheet.put(0, 0, self.words("timeline"), "dim")
        for stage in range(1, _STAGES + 1):
            x = (stage - 1) * column
            role = "cursor" if stage == self.stage.value else "dim"
            sheet.put(x, 1 + _STAGES * rows, f"{stage:^{column - 1}}", role)
            for place, sub_model in enumerate(reversed(self._sub_models())):
                kind = self._kind(stage, sub_model)
                for row in range(rows):
                    sheet.put(x, 1 + place * rows + row, _sign(sheet, kind) * (column - 1), _ROLES[kind])

    def _sub_models(self) -> list[int]:
        """The number of the sub-model that each layer belongs to, starting with layer 1."""
        return [number for number, layers in enumerate(self._stages[-1].sub_models, 1) for _ in range(layers)]

    def _kind(self, stage: int, sub_model: int) -> str:
        """What a sub-model does in a stage: a key of `_ROLES`."""
        now = self._stages[stage - 1]
        if sub_model > len(now.sub_models):
            return "none"
        if sub_model not in now.train:
            return "frozen"
        added_before = len(self._stages[stage - 2].sub_models) if stage > 1 else 0
        return "new" if sub_model > added_before else "train"

    def _says(self) -> str:
        stage = self._stages[self.stage.value - 1]
        sizes = dict(enumerate(stage.sub_models, 1))
        crossed = sum(sizes[sub_model] for sub_model in stage.train)
        layers = self.words("one_layer") if crossed == 1 else self.words("layers", count=str(crossed))
        if self.stage.value == 1:
            return self.words("first", layers=layers)
        if len(stage.train) == len(stage.sub_models):
            return self.words("all", layers=layers)
        return self.words("new", new=str(stage.train[0]), layers=layers)


def _sign(sheet: Sheet, kind: str) -> str:
    utf8 = {"new": "█", "train": "▓", "frozen": "░", "none": "·"}
    ascii = {"new": "N", "train": "T", "frozen": "=", "none": "."}
    return (ascii if sheet.ascii else utf8)[kind]
