"""What several tests share: the data sets, and folders of their own."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.data.fashion_mnist import DEBIAN, SAMPLE, Dataset, find_source, inspect, load
from tests.engine.owner_process import OwnerProcess
from tui_vanish.language import use

# Before torch is imported: two torch threads on two busy cores can be far slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Collect garbage rarely, and never look at what was imported: this takes a third off the app's tests."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's configuration, state or cache; child processes don't either."""
    home = tmp_path_factory.mktemp("home")
    for kind in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test begins in English, whatever the locale is; a test of another language switches to it."""
    monkeypatch.setenv("VANISH_TUI_LANG", "en")
    yield
    use("en")


@pytest.fixture
def neighbour() -> Iterator[OwnerProcess]:
    """Another process of this user, which can hold the locks of runs."""
    with OwnerProcess() as process:
        yield process


@pytest.fixture(scope="session")
def full_data_folder() -> Path:
    """The folder of the whole Fashion-MNIST; without one the test is skipped, in CI it fails."""
    named = os.environ.get("VANISH_TUI_TEST_DATA")
    source = find_source(Path(named) if named else DEBIAN if DEBIAN.exists() else None)
    if source.kind == "sample":
        text = (
            "the whole Fashion-MNIST is not here: install dataset-fashion-mnist, or set VANISH_TUI_TEST_DATA"
        )
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return source.path


@pytest.fixture(scope="session")
def full_data(full_data_folder: Path) -> Dataset:
    """The whole Fashion-MNIST on the CPU."""
    return load(inspect("folder", full_data_folder), "cpu")


@pytest.fixture(scope="session")
def sample_data() -> Dataset:
    """The embedded sample on the CPU."""
    return load(inspect("sample", SAMPLE), "cpu")
