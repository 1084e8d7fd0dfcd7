"""All theory pages: each is built when it is first opened, and keeps its knobs when it is left."""

from importlib import import_module

from scenarios.theory import page_ids
from tui_vanish.theory.page import Page

# A page's module is imported when the page is first opened.
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
    "map": "depth_map:DepthMap",
    "through-time": "through_time:ThroughTime",
    "low-precision": "low_precision:LowPrecision",
}


class Pages:
    """The pages by id. A page keeps the values of its knobs until the app ends."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self.last: str | None = None

    def open(self, page_id: str) -> Page:
        """Return the page, and remember it as the last one opened."""
        if page_id not in self._pages:
            module, _, name = _CLASSES[page_id].partition(":")
            found: type[Page] = getattr(import_module(f"tui_vanish.theory.pages.{module}"), name)
            self._pages[page_id] = found()
        self.last = page_id
        return self._pages[page_id]

    def beside(self, page_id: str, by: int) -> str:
        """The id of the page `by` places after `page_id`; the first page follows the last."""
        ids = page_ids()
        return ids[(ids.index(page_id) + by) % len(ids)]
