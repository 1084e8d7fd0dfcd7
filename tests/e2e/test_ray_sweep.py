"""`vanish-tui sweep --ray` on a real cluster: the table of a local sweep, also when nodes are lost."""

import json
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import SMALL, saved
from tests.e2e.pseudo_terminal import PATIENCE
from tests.e2e.ray_nodes import ENVIRONMENT, RayNodes, ray_nodes
from tests.e2e.test_sweep import GRID, folder_of, sweep, sweeping, table
from tests.engine.lab import write_data

EPOCHS = ("--epochs", "60")


@pytest.fixture(autouse=True)
def without_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return "--data", str(write_data(tmp_path_factory.mktemp("data"), train=800))


@pytest.fixture(scope="module")
def local(
    data: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[int, tuple[Any, ...]], list[str]]:
    """The table and the weights of a sweep on this machine."""
    runs = tmp_path_factory.mktemp("local")
    code, lines, said = sweep("depth-3", *GRID, *SMALL, *data, *EPOCHS, "--runs-dir", str(runs))
    assert code == 0, said
    return table(lines), weights(runs)


def weights(runs: Path) -> list[str]:
    """The fingerprint of the weights of each run, in the order of the cells."""
    folder = folder_of(runs)
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    return [saved(name, folder)[-1]["weights_sha256"] for name in names]


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    # Ray's sockets are in it, and their paths have at most 107 bytes: pytest's own folders are too deep.
    folder = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
    with folder, ray_nodes(Path(folder.name)) as found:
        yield found


def test_a_signal_and_a_lost_node_change_no_bit(
    nodes: RayNodes,
    data: tuple[str, str],
    local: tuple[dict[int, tuple[Any, ...]], list[str]],
    tmp_path: Path,
) -> None:
    runs, on_ray = ("--runs-dir", str(tmp_path)), ("--ray", nodes.address)
    with sweeping("depth-3", *GRID, *SMALL, *data, *EPOCHS, *runs, *on_ray) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    missing = json.loads(rest.splitlines()[-1])["missing"]
    folder = folder_of(tmp_path)
    assert missing > 0
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 6 - missing
    assert list(nodes.temporary.glob("vanish-tui-*")) == []
    with sweeping("--resume", folder.name, *runs, *on_ray) as process:
        assert process.stdout is not None
        begun = [json.loads(process.stdout.readline()) for _ in range(6 - missing + 1)]
        nodes.kill("second")
        rest, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    lines = [*begun, *map(json.loads, rest.splitlines())]
    assert first in lines
    assert (table(lines), weights(tmp_path)) == local
    assert "Traceback" not in said
    # As if trained here: the data are named by their place on this machine.
    described = json.loads((folder / first["run"] / "run.json").read_text())
    assert described["data"]["folder"] == data[1]
    assert described["command"].startswith("vanish-tui run depth-3 --set")


def test_a_lost_head_ends_it_and_resume_does_the_rest(
    nodes: RayNodes,
    data: tuple[str, str],
    local: tuple[dict[int, tuple[Any, ...]], list[str]],
    tmp_path: Path,
) -> None:
    nodes.kill("second")  # it would train for a while without the head
    runs, on_ray = ("--runs-dir", str(tmp_path)), ("--ray", nodes.address)
    with sweeping("depth-3", *GRID, *SMALL, *data, *EPOCHS, *runs, *on_ray) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        nodes.kill("head")
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said
    name = folder_of(tmp_path).name
    assert f"the Ray cluster is lost; to continue: vanish-tui sweep --resume {name}" in said
    assert "Traceback" not in said
    code, lines, said = sweep("--resume", name, *runs)
    assert code == 0, said
    assert first in lines
    assert (table(lines), weights(tmp_path)) == local


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_a_cluster_that_cannot_be_reached_is_one_message(host: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    code, lines, words = sweep("depth-3", *GRID, "--ray", f"{host}:{port}", "--runs-dir", str(tmp_path))
    assert (code, lines) == (1, [])
    (line,) = words.splitlines()
    assert f"the Ray cluster {host}:{port} cannot be reached: " in line
    assert list(tmp_path.iterdir()) == [], "no sweep has begun"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ray", "nowhere"), "expected HOST:PORT"),
        (("--ray", "ray://host:10001"), "start the sweep on a node of the cluster"),
        (("--ray", "--device", "cuda:1"), "with --ray, use --device cuda"),
    ],
)
def test_wrong_use_is_one_message(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    code, lines, words = sweep("depth-3", *GRID, *arguments, "--runs-dir", str(tmp_path))
    assert (code, lines) == (2, [])
    assert said in words
    assert list(tmp_path.iterdir()) == []
