"""Make small recordings of whole runs, for the tests of the verdicts.

    vanish-tui run depth-3 --epochs 100 --runs-dir RUNS
    python tools/thin_logs.py RUNS/*/events.jsonl

A recording keeps the first samples of each stage, some of the others, all other events, and four digits of
each number. A recording that gives other verdicts than its run is refused.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.diagnosis import Diagnosis  # noqa: E402
from engine.protocol.spec import RunSpec  # noqa: E402
from engine.storage.run_log import read_events  # noqa: E402
from vanish_recorder.protocol.codec import from_record, to_record  # noqa: E402
from vanish_recorder.protocol.events import RunEvent, RunStarted, Sample, VerdictChanged  # noqa: E402

RECORDINGS = ROOT / "tests" / "engine" / "recordings"
FIRST = 24  # samples of each stage: more than an epoch
DIGITS = 4


def thin(events: list[RunEvent], samples: int) -> list[RunEvent]:
    """Keep about `samples` samples of a run, and all other events."""
    stride = max(1, sum(isinstance(event, Sample) for event in events) // samples)
    kept: list[RunEvent] = []
    stage = seen = 0
    for event in events:
        if isinstance(event, Sample):
            if event.stage != stage:
                stage, seen = event.stage, 0
            seen += 1
            if seen > FIRST and seen % stride:
                continue
        if not isinstance(event, VerdictChanged):
            shorter = from_record(rounded(to_record(event), DIGITS))
            if shorter is not None:
                kept.append(shorter)
    return kept


def story(events: list[RunEvent]) -> dict[str, list[tuple[str, int]]]:
    """(state, stage) of the verdicts of each kind, in order."""
    scenario = next(event.scenario for event in events if isinstance(event, RunStarted))
    diagnosis = Diagnosis(RunSpec.of(scenario))
    told: dict[str, list[tuple[str, int]]] = {}
    for event in events:
        for verdict in diagnosis.follow(event):
            told.setdefault(verdict.kind, []).append((verdict.state, verdict.stage))
    return told


def rounded(value: Any, digits: int) -> Any:
    """A value of JSON with so many digits in each of its numbers."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return value


def main() -> None:
    """Thin every log given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("logs", nargs="+", type=Path, metavar="LOG")
    parser.add_argument(
        "--samples", type=int, default=60, help="about how many samples to keep (default: %(default)s)"
    )
    arguments = parser.parse_args()
    RECORDINGS.mkdir(exist_ok=True)
    for log in arguments.logs:
        events = read_events(log)
        thinned = thin(events, arguments.samples)
        name = next(event.scenario["id"] for event in events if isinstance(event, RunStarted))
        if story(thinned) != story(events):
            raise SystemExit(f"{log}: gives other verdicts when it is thinned; keep more --samples")
        lines = "".join(json.dumps(to_record(event), separators=(",", ":")) + "\n" for event in thinned)
        target = RECORDINGS / f"{name}.jsonl.gz"
        target.write_bytes(gzip.compress(lines.encode(), 9, mtime=0))
        print(f"{target.name}: {len(thinned)} events, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
