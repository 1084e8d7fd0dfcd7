"""The editor: a form for a scenario's values, to train them as a variant or to save them."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.getters import query_one
from textual.widgets import Input, Static

from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.compositor import use_narrow_updates
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.own_screen import OwnScreen
from tui_vanish.drawing.text import Piece
from tui_vanish.editor import form, several
from tui_vanish.keyboard.turns import update
from tui_vanish.language import marked, plural, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.session.lineup import MOST
from tui_vanish.widgets.choice import Choice
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.line_input import LineInput

if TYPE_CHECKING:
    from scenarios.branches import Branch
    from scenarios.schema import Scenario

_TWO_COLUMNS = 150  # cells; from this width on, the fields are in two columns
_KEYS = marked("ctrl+s save   ↑ ↓ field   ← → choose   ? help   esc cancel")
_SEVERAL = marked("0.01, 0.1 in a field compares both")
_FIRST_COLUMN = ("id", "model")  # the tables in the first one


class Edited(NamedTuple):
    """What the form described, and what to do with it: several variants are compared."""

    variants: "Sequence[Branch]"
    wish: Literal["train", "save", "compare"]


class _Line(LineInput):
    """A value that is typed. No value contains a question mark, so that key opens the help here, too."""

    async def on_key(self, event: events.Key) -> None:
        """Open the help before the input inserts the character."""
        if event.character == "?":
            event.stop()
            event.prevent_default()
            await self.run_action("app.help")


class EditorScreen(OwnScreen[Edited | None]):
    """The form. It is dismissed with scenarios that have passed every check, or None.

    Args:
        base: the scenario to edit.
        taken: the ids that exist already.
        name: the first id of the variant.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("escape", "cancel", "Cancel"),
        Binding("enter", "finish('train')", "Train"),
        Binding("ctrl+s", "finish('save')", "Save"),
        Binding("question_mark,f1", "app.help", "Help"),
        Binding("down,tab", "app.focus_next", "Next field"),
        Binding("up,shift+tab", "app.focus_previous", "Previous field"),
        *bindings_everywhere(),
    ]

    _top_line = query_one("#editor-top", FrameLine)
    _end_line = query_one("#editor-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, base: "Scenario", taken: Collection[str], name: str) -> None:
        super().__init__()
        use_narrow_updates(self)
        self._base = base
        self._taken = frozenset(taken)
        self._fields = form.fields()
        self._typed = form.texts(base, name)
        self._first = dict(self._typed)
        self._read: Scenario | list[Branch] | dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """A row for each field; the stages, whose text is long, have the whole width."""
        columns: tuple[list[form.Field], list[form.Field]] = [], []
        long = []
        for field in self._fields:
            if field.kind == "stages":
                long.append(field)
            else:
                columns[field.key.partition(".")[0] not in _FIRST_COLUMN].append(field)
        yield FrameLine("top", id="editor-top")
        with VerticalScroll(id="form", can_focus=False):
            with Container(id="columns"):
                for column in columns:
                    with Vertical(classes="column"):
                        yield from map(self._row, column)
            for field in long:
                row = self._row(field)
                row.add_class("-long")
                yield row
        yield FrameLine("bottom", id="editor-end")
        yield KeyFooter()

    def _row(self, field: form.Field) -> Horizontal:
        name, text = _widget_id(field.key), self._typed[field.key]
        choice = Choice(field.choices, text, id=f"value-{name}") if field.choices else None
        return Horizontal(
            Static(tr(field.label), classes="label", markup=False),
            Container(
                choice or _Line(text, id=f"value-{name}"),
                Static(tr(field.hint), classes="remark", id=f"remark-{name}", markup=False),
                classes="value",
            ),
            id=f"row-{name}",
            classes="row",
        )

    def on_resize(self, event: events.Resize) -> None:
        """Use the width."""
        self.set_class(event.size.width >= _TWO_COLUMNS, "-wide")

    def on_mount(self) -> None:
        """Focus the first value."""
        # Not focus(), which takes effect after keys that were typed ahead: they would go to another field.
        of_kind = next(
            field
            for field in self._fields
            if field.where and field.where[0] == "model.kind" and form.applies(field, self._typed)
        )
        self.set_focus(self.query_one(f"#value-{_widget_id(of_kind.key)}"))
        self._check()

    @on(Input.Changed)
    def _typed_text(self, message: Input.Changed) -> None:
        if self._change(message.input.id or "", message.value):
            update(self, self._check)  # text decides only what is said about it, not which fields there are

    @on(Choice.Changed)
    def _chose(self, message: Choice.Changed) -> None:
        if self._change(message.choice.id or "", message.choice.value):
            self._check()

    @on(Input.Submitted)
    def _submit(self) -> None:
        self.action_finish("train")

    def _change(self, widget: str, text: str) -> bool:
        """Take a value over; returns whether it is another one."""
        key = next(field.key for field in self._fields if f"value-{_widget_id(field.key)}" == widget)
        before, self._typed[key] = self._typed[key], text
        return text != before

    def _check(self) -> None:
        """Read the form, and show the title of the variant, or each problem next to its field."""
        if self.is_gone:
            return
        read = several.read_all(self._base, self._typed, MOST)
        name = self._typed["id"].strip()
        if name in self._taken:
            read = {"id": tr("this name is taken"), **(read if isinstance(read, dict) else {})}
        self._read = read
        wrong = read if isinstance(read, dict) else {}
        for field in self._fields:
            widget = _widget_id(field.key)
            self.query_one(f"#row-{widget}").display = form.applies(field, self._typed)
            remark = self.query_one(f"#remark-{widget}", Static)
            problem = wrong.get(field.key)
            text = f"! {spoken(problem)}" if problem else tr(field.hint)
            if remark.content != text:  # an update lays the whole form out
                remark.update(text)
            remark.set_class(problem is not None, "-wrong")
        title = (Piece(tr_in("heading", "Edit"), "title"), Piece(f"  {self._base.id}", "strong"))
        what = Piece(plural("{number} problem", "{number} problems", len(wrong)), "bad")
        if isinstance(read, list):
            labels = ", ".join(branch.label for branch in read)
            what = Piece(tr("compare {labels}", labels=labels), "accent")
        elif not isinstance(read, dict):
            what = Piece(read.title, "accent")
        enter = tr("⏎ compare") if isinstance(read, list) else tr("⏎ train")
        self._key_footer.show({}, hint=f"{enter}   {tr(_KEYS)}")
        self._top_line.show(title, (what,))
        # Next to a field there is room for a few words only, so the first problem is shown here in full.
        whole = next(iter(wrong.values()), "")
        offer = () if whole else (Piece(tr(_SEVERAL), "dim"),)
        self._end_line.show((Piece(f"! {spoken(whole)}", "bad"),) if whole else (), offer)

    def action_finish(self, wish: Literal["train", "save"]) -> None:
        """Close the form with what it describes, unless it has a problem."""
        from scenarios.branches import Branch

        self._check()  # the last keys may not have been checked yet
        if isinstance(self._read, dict):
            worst = next((field.key for field in self._fields if field.key in self._read), None)
            if worst is not None:
                self.set_focus(self.query_one(f"#value-{_widget_id(worst)}"))
            self.notify(tr("First correct the fields marked with !"), severity="warning", timeout=4)
            return
        if not isinstance(self._read, list):
            self.dismiss(Edited([Branch("", self._read)], wish))
        elif wish == "save":
            self.notify(
                tr("A file has one value in each field. Press enter to compare several."),
                severity="warning",
                timeout=4,
            )
        else:
            self.dismiss(Edited(self._read, "compare"))

    def action_cancel(self) -> None:
        """Close the form; ask first if something was changed."""
        if self._typed == self._first:
            self.dismiss(None)
            return
        from tui_vanish.chrome.dialogs import ConfirmScreen

        def on_answer(discard: bool | None) -> None:
            if discard:
                self.dismiss(None)

        lines = [tr("Discard the changes to {id}?", id=self._base.id)]
        self.app.push_screen(ConfirmScreen(lines, tr_in("enter", "discard")), on_answer)


def _widget_id(key: str) -> str:
    return key.replace(".", "-")
