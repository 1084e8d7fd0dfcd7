"""The plumbing of `make gpu`, without a GPU: parts that fail are named; the page and the JSON are written."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import gpu
from tests.bench.gpu import Asked, PartFailed

SPREAD = {"median": 0.5, "low": 0.4, "high": 0.75, "count": 3}
FOUND: dict[str, Any] = {
    "tests marked cuda": {"passed": 28, "skipped": 1},
    "bits per device": [
        {
            "scenario": "depth-7",
            "steps": 200,
            "differs_at": 1,
            "first": 1e-7,
            "largest": 2e-6,
            "weights": 3e-6,
            "diverged": [None, None],
        }
    ],
    "bench": {
        "not_measured": ["the usual DataLoader loop"],
        "detail": {
            "device": "cuda:0 (NVIDIA H200)",
            "data": "Fashion-MNIST",
            "launches": {"step": SPREAD, "launch": SPREAD, "bound": "launch"},
            "pace": {"epoch": SPREAD, "unmeasured": SPREAD, "floor": SPREAD},
            "usual": None,
            "steps": {"depth-7": SPREAD, "linear-exploding": None},
        },
    },
    "six runs in lockstep": {"runs": 6, "together": SPREAD, "in_turn": SPREAD},
    "steps in a CUDA graph": {"plain": SPREAD, "captured": SPREAD, "same_bits": True, "replays": 180},
    "training under the app": [1.25, 1.0, 1.5],
}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each part finds; an exception is raised."""
    found = dict(FOUND)

    def part(name: str) -> Any:
        def work(asked: Asked) -> Any:
            if isinstance(found[name], Exception):
                raise found[name]
            return found[name]

        return work

    assert list(found) == list(gpu.PARTS)
    monkeypatch.setattr(gpu, "PARTS", {name: part(name) for name in found})
    monkeypatch.setattr(gpu, "machine", lambda device: {"device": device, "gpu": "NVIDIA H200"})
    return found


@pytest.mark.usefixtures("parts")
def test_the_page_and_the_json_have_every_part(tmp_path: Path) -> None:
    assert gpu.main(["--to", str(tmp_path)]) == 0
    page = (tmp_path / "performance-gpu.md").read_text()
    for line in (
        "device cuda, gpu NVIDIA H200.",
        "28 tests passed, 1 were skipped.",
        "| depth-7 | from step 1 | 1.0e-07 | 2.0e-06 | 3.0e-06 |",
        "A step of `depth-7` takes 500.00 ms, and launching it takes 500.00 ms: it is",
        "| an epoch of `depth-7`, in seconds | 0.5 | 0.4–0.75 |",
        "There was no time to measure the usual DataLoader loop.",
        "6 runs of one epoch of `depth-7` take 0.50 s in lockstep, and 0.50 s one after another.",
        "A step of `depth-7` takes 50.00 ms, and 50.00 ms with nine of ten steps captured",
        "(180 were replayed). The bits are the same.",
        "An epoch of `depth-7` in the open app takes 1.25 times as long as without it (1.00–1.50, measured 3"
        " times).",
    ):
        assert line in page.splitlines(), line
    record = json.loads((tmp_path / "performance-gpu.json").read_text())
    assert {part["part"]: part["found"] for part in record["parts"]} == FOUND


def test_parts_that_fail_are_named_and_the_others_run(
    parts: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts["bits per device"] = PartFailed("depth-7: the memory of the GPU is damaged")
    parts["bench"] = RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
    assert gpu.main(["--to", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "failed: bits per device, bench\n" in out
    assert "bench failed: the GPU has too little free memory" in err
    page = (tmp_path / "performance-gpu.md").read_text()
    assert "Failed: depth-7: the memory of the GPU is damaged." in page
    assert "28 tests passed" in page
    assert "6 runs of one epoch" in page


def asked(**environment: str) -> Asked:
    return Asked("cpu", 20, True, "sample", dict(environment))


def test_tests_that_are_all_skipped_have_proved_nothing() -> None:
    with pytest.raises(PartFailed, match=r"no test ran: all .* were skipped, because PyTorch sees no GPU"):
        gpu._tests(asked(CUDA_VISIBLE_DEVICES=""))


def test_the_last_line_of_a_program_that_fails_is_the_reason() -> None:
    with pytest.raises(PartFailed, match=r"nonsense is not available|unknown device 'nonsense'"):
        gpu._engine(Asked("nonsense", 20, True, "sample", {}), "step")
