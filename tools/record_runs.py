"""Make the recorded runs that come with the program: `python tools/record_runs.py --work DIR [ID...]`.

Every scenario of the slides is trained for all of its epochs on the whole Fashion-MNIST, with seed 42, on one
thread of the CPU. What was trained before in DIR is not trained again. Of each log, the samples are thinned
and their numbers rounded; all epochs, verdicts and stages stay as they were measured. The logs are
compressed with xz, which makes them 0.7 times as large as gzip does.
"""

import argparse
import json
import lzma
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import scenarios  # noqa: E402
from engine.data.fashion_mnist import DEBIAN, Source, find_source  # noqa: E402
from engine.protocol.recorded import recorded_run  # noqa: E402
from engine.protocol.spec import RunSpec  # noqa: E402
from engine.storage.recorded import COMPRESSED, PROVENANCE, RECORDED  # noqa: E402
from engine.storage.run_index import RunEntry, list_runs  # noqa: E402
from engine.storage.summary import read_summary  # noqa: E402
from engine.sweeps.thinning import kept  # noqa: E402
from engine.tracking.snapshot import RunView, Snapshot  # noqa: E402
from tools.thin_logs import rounded  # noqa: E402
from vanish_recorder.protocol.codec import from_line  # noqa: E402
from vanish_recorder.protocol.status import Status  # noqa: E402
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS  # noqa: E402
from vanish_recorder.storage.summary import write_summary  # noqa: E402

SEED = 42
FIRST, SPREAD = 24, 300  # samples that are kept: of each stage, and of the whole run
DIGITS = 5  # of the numbers of a sample; screens show at most four
MOST_BYTES = 3_000_000  # of all recorded runs together
_ENDS = (Status.FINISHED, Status.DIVERGED)


def train(scenario_id: str, work: Path, source: Source) -> None:
    """Train a scenario to its end, as a user would do it."""
    command = ["-P", "-m", "tui_vanish", "run", scenario_id, "--seed", str(SEED), "--device", "cpu"]
    options = ["--threads", "1", "--data", str(source.path), "--runs-dir", str(work)]
    subprocess.run([sys.executable, *command, *options], check=False)  # a diverged run has a code of its own


def trained(work: Path) -> dict[str, RunEntry]:
    """The latest whole run of each scenario."""
    found: dict[str, RunEntry] = {}
    for entry in list_runs(work):
        summary = entry.summary
        if summary is not None and summary.status in _ENDS and summary.seed == SEED:
            found.setdefault(summary.scenario, entry)
    return found


def record(scenario_id: str, run: RunEntry) -> dict[str, Any]:
    """Write the recorded run of a scenario; returns what is known of it."""
    lines = (run.folder / EVENTS).read_bytes().splitlines()
    few = list(_rewritten(list(kept(lines, FIRST, SPREAD)), recorded_run(scenario_id)))
    before, after = _state(lines), _state(few)
    if _story(before) != _story(after):
        raise SystemExit(f"{scenario_id}: the recorded run would end in another way")
    content = b"".join(line + b"\n" for line in few)
    folder = RECORDED / scenario_id
    folder.mkdir(parents=True, exist_ok=True)
    packed = lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
    (folder / COMPRESSED).write_bytes(packed)
    description = json.loads((run.folder / DESCRIPTION).read_bytes())
    source = _source(description["data"]["source"])
    description |= {"run": recorded_run(scenario_id), "host": "", "command": _command(scenario_id)}
    description["data"] |= {"source": source, "folder": None}
    (folder / DESCRIPTION).write_text(json.dumps(description, ensure_ascii=False, indent=1), encoding="utf-8")
    write_summary(folder, replace(read_summary(run.folder), data=source, log_bytes=len(content)))
    finished = before.finished
    assert finished is not None
    assert before.started is not None
    return {
        "status": before.status.value,
        "epochs": before.epoch,
        "steps": before.step,
        "test_accuracy": finished.test_accuracy,
        "weights_sha256": finished.weights_sha256,
        "versions": before.started.versions,
        "data_sha256": description["data"]["sha256"],
        "lines": len(few),
        "of_lines": len(lines),
        "bytes": len(packed),
        "processor": _processor(),
    }


def _rewritten(lines: list[bytes], name: str) -> Iterator[bytes]:
    """The lines with another name of the run, and without digits that no screen shows."""
    for line in lines:
        event = json.loads(line)
        event["run"] = name
        event["time"] = round(event["time"], 3)  # in every event alike, so that they stay in order
        if event["event"] == "sample":
            event = {key: value if key == "time" else rounded(value, DIGITS) for key, value in event.items()}
        elif event["event"] == "run_started":
            event["data"]["source"] = _source(event["data"]["source"])
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _source(name: str) -> str:
    """The name of the data source, without a path of this machine."""
    return "Debian package" if name == str(DEBIAN) else name


def _command(scenario_id: str) -> str:
    return f"vanish-tui run {scenario_id} --seed {SEED} --threads 1 --device cpu"


def _state(lines: list[bytes]) -> Snapshot:
    """The run at the end of its log."""
    events = [event for line in lines if (event := from_line(line)) is not None]
    view = RunView("", RunSpec.of(events[0].scenario), SEED)  # type: ignore[union-attr]
    for event in events:
        view.apply(event)
    return view.snapshot()


def _story(run: Snapshot) -> list[Any]:
    """What thinning must not change."""
    verdicts = [(verdict.kind, verdict.layer, verdict.since_step) for verdict in run.verdicts]
    accuracies = [(result.epoch, result.test_accuracy) for result in run.results]
    return [run.status, run.step, run.last_epoch, run.best_test_accuracy, verdicts, accuracies]


def _before() -> dict[str, Any]:
    """What is known of the recorded runs that are there."""
    try:
        known: dict[str, Any] = json.loads((RECORDED / PROVENANCE).read_bytes())["runs"]
    except (OSError, ValueError, KeyError):
        return {}
    return {scenario_id: about for scenario_id, about in known.items() if (RECORDED / scenario_id).is_dir()}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main() -> None:
    """Train what is missing, then write all recorded runs and where they come from."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "ids", metavar="ID", nargs="*", help="scenarios (default: all that are on the slides)"
    )
    parser.add_argument("--work", metavar="DIR", type=Path, required=True, help="folder for the whole runs")
    parser.add_argument("--data", metavar="DIR", type=Path, help="folder with the whole Fashion-MNIST")
    parser.add_argument("--no-training", action="store_true", help="record only what DIR has already")
    arguments = parser.parse_args()
    chosen = arguments.ids or [entry.id for entry in scenarios.entries() if entry.of_slides]
    source = find_source(arguments.data)
    if source.kind == "sample":
        raise SystemExit("recorded runs need the whole Fashion-MNIST: name its folder with --data")
    if not arguments.no_training:
        for scenario_id in chosen:
            if scenario_id not in trained(arguments.work):
                train(scenario_id, arguments.work, source)
    found = trained(arguments.work)
    runs = _before() | {
        scenario_id: record(scenario_id, found[scenario_id]) for scenario_id in chosen if scenario_id in found
    }
    size = sum(about["bytes"] for about in runs.values())
    provenance = {
        "made_by": "tools/record_runs.py",
        "version": version("vanish-tui"),
        "command": _command("ID"),
        "data": f"the whole Fashion-MNIST, {source.train} training and {source.test} test images",
        "runs": runs,
    }
    (RECORDED / PROVENANCE).write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
    for scenario_id, about in runs.items():
        print(
            f"{scenario_id:20} {about['lines']:6} of {about['of_lines']:6} lines  {about['bytes']:8,} bytes"
        )
    print(f"{len(runs)} recorded runs, {size:,} bytes")
    if size > MOST_BYTES:
        raise SystemExit(f"more than {MOST_BYTES:,} bytes: keep fewer samples")


if __name__ == "__main__":
    main()
