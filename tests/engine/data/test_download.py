import gzip
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.data import idx
from engine.data.download import download
from engine.data.fashion_mnist import FILES, PIXELS, DataError, cache_folder, find_source, load

Served = dict[str, bytes]


class _Handler(http.server.BaseHTTPRequestHandler):
    served: Served

    def do_GET(self) -> None:
        body = self.served.get(self.path.strip("/"))
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The files of a local mirror that torchvision uses, with matching checksums."""
    from torchvision.datasets import FashionMNIST

    contents = {
        FILES[0]: idx.encode((3, 28, 28), bytes(range(196)) * 12),
        FILES[1]: idx.encode((3,), bytes([9, 0, 4])),
        FILES[2]: idx.encode((2, 28, 28), bytes(2 * PIXELS)),
        FILES[3]: idx.encode((2,), bytes([1, 2])),
    }
    served = {f"{name}.gz": gzip.compress(content) for name, content in contents.items()}
    handler = type("Handler", (_Handler,), {"served": served})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(
            target=server.serve_forever, args=(0.01,)
        )  # seconds between looks at shutdown
        thread.start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        resources = [(name, hashlib.md5(packed).hexdigest()) for name, packed in served.items()]
        monkeypatch.setattr(FashionMNIST, "resources", resources)
        yield served
        server.shutdown()
        thread.join()


def ignore(name: str, received: int, total: int) -> None:
    """Ignore the progress."""


def assert_no_trace() -> None:
    assert not cache_folder().exists()
    assert not cache_folder().parent.exists() or not list(cache_folder().parent.iterdir())


def test_downloaded_set_is_the_source_from_then_on(mirror: Served) -> None:
    source = download(ignore)
    assert source == find_source()
    assert (source.kind, source.train, source.test) == ("cache", 3, 2)
    assert sorted(path.name for path in source.path.iterdir()) == sorted(FILES)
    assert [path.name for path in source.path.parent.iterdir()] == ["raw"]
    assert load(source, "cpu").train_labels.tolist() == [9, 0, 4]


def test_torchvision_finds_what_was_downloaded(mirror: Served) -> None:
    from torchvision.datasets import FashionMNIST

    root = download(ignore).path.parents[1]
    assert len(FashionMNIST(str(root), train=True, download=False)) == 3


def test_progress_reaches_the_size_of_each_file(mirror: Served) -> None:
    last: dict[str, tuple[int, int]] = {}
    download(lambda name, received, total: last.update({name: (received, total)}))
    assert last == {name: (len(packed), len(packed)) for name, packed in mirror.items()}


def test_second_mirror_is_asked_when_the_first_fails(mirror: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import FashionMNIST

    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:1/", *FashionMNIST.mirrors])
    assert download(ignore).kind == "cache"


def test_unreachable_network_says_what_to_do(mirror: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import FashionMNIST

    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:1/"])
    with pytest.raises(
        DataError, match=r"could not be downloaded .*refused.* dataset-fashion-mnist, .* --data"
    ):
        download(ignore)
    assert_no_trace()


def test_file_that_is_missing_on_the_mirror_is_an_error(mirror: Served) -> None:
    del mirror[f"{FILES[2]}.gz"]
    with pytest.raises(DataError, match=r"could not be downloaded .*Not Found"):
        download(ignore)
    assert_no_trace()


def test_file_with_another_checksum_is_refused(mirror: Served) -> None:
    mirror[f"{FILES[1]}.gz"] += b"\0"
    with pytest.raises(DataError, match=rf"{FILES[1]}\.gz was damaged during the download"):
        download(ignore)
    assert_no_trace()


def test_broken_cache_is_replaced(mirror: Served) -> None:
    cache_folder().mkdir(parents=True)
    (cache_folder() / f"{FILES[0]}.gz").write_bytes(b"damaged")
    with pytest.raises(DataError):
        find_source()
    assert download(ignore) == find_source()


def test_cache_survives_a_download_that_fails(mirror: Served) -> None:
    download(ignore)
    mirror.clear()
    with pytest.raises(DataError):
        download(ignore)
    assert find_source().kind == "cache"


def test_an_interrupted_download_leaves_no_file(mirror: Served) -> None:
    def leave(name: str, received: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(leave)
    assert_no_trace()


def test_cache_that_cannot_be_written_is_an_error(
    mirror: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"cannot be written \(Not a directory\)"):
        download(ignore)
