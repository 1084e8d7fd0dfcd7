"""All theory pages, built when they are first opened, and where their reader has left them."""

from importlib import import_module

from scenarios.theory import page_ids
from tui_vanish.theory.page import Page

# A page's module is imported with its first visit.
_CLASSES = {
    "learning-circle": "learning_circle:LearningCircle",
    "chain": "chain:Chain",
    "signs": "signs:Signs",
    "fashion-mnist": "fashion_mnist:FashionMnist",
    "activations": "activations:Activations",
    "weights": "weights:Weights",
    "optimizers": "optimizers:Optimizers",
    "normalisation": "normalisation:Normalisation",
    "skip-connection": "skip_connection:SkipConnection",
    "train-some-layers": "train_some_layers:TrainSomeLayers",
    "beta-sigmoid": "beta_sigmoid:BetaSigmoid",
    "sdagd": "sdagd:Sdagd",
}


class Pages:
    """The pages by id; each keeps its knobs as they were left."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self.last: str | None = None

    def open(self, page_id: str) -> Page:
        """The page, which is the last one opened from now on."""
        if page_id not in self._pages:
            module, _, name = _CLASSES[page_id].partition(":")
            found: type[Page] = getattr(import_module(f"tui_vanish.theory.pages.{module}"), name)
            self._pages[page_id] = found()
        self.last = page_id
        return self._pages[page_id]

    def beside(self, page_id: str, by: int) -> str:
        """The id of the page `by` places after `page_id`, and around."""
        ids = page_ids()
        return ids[(ids.index(page_id) + by) % len(ids)]
