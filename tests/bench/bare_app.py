"""A bare Textual app with a list as long as the catalogue: the minimum cost of a first frame."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, OptionList

import scenarios


class BareApp(App[None]):
    """A header, a list and a footer."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield OptionList(*(f"{entry.id}  {entry.title}" for entry in scenarios.entries()))
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
