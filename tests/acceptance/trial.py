"""One script, run as it is and under `record`, and what is compared."""

import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.storage.run_log import read_events
from tests.acceptance.examples import Example
from tests.e2e.pseudo_terminal import child_environment
from vanish_recorder.protocol.events import RunFinished, VerdictChanged
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import Measured, PartDisabled, StructureFound, WatchStarted

_PREFIX = "vanish-tui: "
_MINUTES = 10


@dataclass
class Seen:
    """A run that was recorded.

    Attributes:
        name: of the run.
        steps: that the model made.
        samples: the measured ones.
        blocks: whose outputs were measured.
        losses: the first and the last measured loss; none if there is none.
        findings: the kinds of the verdicts that began.
    """

    name: str
    steps: int
    samples: int
    blocks: int
    losses: tuple[float, ...]
    findings: tuple[str, ...]


@dataclass
class Outcome:
    """What was seen of a script.

    Attributes:
        faults: what is not as it should be; empty if all is.
        runs: that were recorded.
        said: what the recorder wrote on the terminal.
    """

    faults: list[str] = field(default_factory=list)
    runs: list[Seen] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def tried(example: Example, checkout: Path, work: Path) -> Outcome:
    """Run a script twice, and compare.

    Args:
        example: the script.
        checkout: of the repository with the examples.
        work: an empty folder.
    """
    plain = _run(example, checkout, work / "plain", ())
    runs = work / "runs"
    record = ("-P", "-m", "tui_vanish", "record", "--runs-dir", str(runs), "--")
    recorded = _run(example, checkout, work / "recorded", record)
    outcome = Outcome()
    own = recorded.stderr.splitlines()
    outcome.said = [line for line in own if line.startswith(_PREFIX)]
    _compare_output(example, plain, recorded, outcome.faults)
    _compare_files(example, work, outcome.faults)
    names = (
        sorted(each.name for each in runs.iterdir() if (each / "run.json").is_file()) if runs.is_dir() else []
    )
    for name in names:
        outcome.runs.append(_seen(runs / name, outcome.faults))
    _check_models(example, outcome)
    return outcome


def _run(
    example: Example, checkout: Path, folder: Path, before: tuple[str, ...]
) -> "subprocess.CompletedProcess[str]":
    script = folder / example.folder
    shutil.copytree(checkout / example.folder, script)
    example.prepare(script)
    python = [sys.executable, *before, *([sys.executable] if before else []), "main.py", *example.arguments]
    root = str(Path(__file__).parents[2])
    environment = child_environment(
        {"PYTHONPATH": os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])}
    )
    return subprocess.run(
        python,
        cwd=script,
        env={**environment, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_MINUTES * 60,
        check=False,
    )


def _compare_output(example: Example, plain: Any, recorded: Any, faults: list[str]) -> None:
    if plain.returncode:
        faults.append(f"it does not run as it is: {(plain.stderr.splitlines() or ['no message'])[-1]}")
    if plain.returncode != recorded.returncode:
        faults.append(f"exit code {recorded.returncode}, without record {plain.returncode}")
    if example.varies:
        if len(plain.stdout.splitlines()) != len(recorded.stdout.splitlines()):
            faults.append("it prints more or fewer lines")
    elif plain.stdout != recorded.stdout:
        faults.append("it prints something else")
    others = [line for line in recorded.stderr.splitlines() if not line.startswith(_PREFIX)]
    if _paths_left_out(others) != _paths_left_out(plain.stderr.splitlines()):
        faults.append("its standard error is another")


def _paths_left_out(lines: list[str]) -> list[str]:
    return [line.replace("/recorded/", "/plain/") for line in lines]


def _compare_files(example: Example, work: Path, faults: list[str]) -> None:
    """The weights that the script saved; and that it finds no file beside its own."""
    folders = [work / each / example.folder for each in ("plain", "recorded")]
    for name in example.saves:
        if not all((folder / name).is_file() for folder in folders):
            faults.append(f"{name} was not saved")
        elif _weights_in(folders[0] / name) != _weights_in(folders[1] / name):
            faults.append(f"{name} has other weights")
    files = [{str(each.relative_to(folder)) for each in folder.rglob("*")} for folder in folders]
    if files[0] != files[1]:
        faults.append(f"other files in its folder: {sorted(files[0] ^ files[1])}")


def _weights_in(path: Path) -> dict[str, bytes]:
    """The weights in a file; a whole model is read from its own folder, where its classes are."""
    code = (
        "import sys, torch, pickle; saved = torch.load(sys.argv[1], weights_only=False);"
        "saved = saved.state_dict() if hasattr(saved, 'state_dict') else saved;"
        "sys.stdout.buffer.write(pickle.dumps("
        "{name: each.numpy().tobytes() for name, each in saved.items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=path.parent, capture_output=True, check=True
    )
    found: dict[str, bytes] = pickle.loads(done.stdout)
    return found


def _seen(folder: Path, faults: list[str]) -> Seen:
    events = read_events(folder / "events.jsonl")
    started = next(each for each in events if isinstance(each, WatchStarted))
    name = str(started.watched["name"])
    samples = [each for each in events if isinstance(each, Measured)]
    structures = [each for each in events if isinstance(each, StructureFound)]
    losses = [each.logged["loss"] for each in samples if "loss" in each.logged]
    faults += [f"{name}: {each.part}: {each.reason}" for each in events if isinstance(each, PartDisabled)]
    end = events[-1]
    if not isinstance(end, RunFinished) or end.status is not Status.FINISHED:
        faults.append(f"{name}: the run did not end as finished")
    if not samples or len(losses) < len(samples) - 1:  # that of the first step is not known
        faults.append(f"{name}: {len(losses)} losses in {len(samples)} samples")
    if structures and structures[-1].left_out:
        faults.append(f"{name}: left out: {dict(structures[-1].left_out)}")
    if structures and not structures[-1].blocks:
        faults.append(f"{name}: no output of a block was measured")
    return Seen(
        name=name,
        steps=events[-1].step,
        samples=len(samples),
        blocks=len(structures[-1].blocks) if structures else 0,
        losses=(losses[0], losses[-1]) if losses else (),
        findings=tuple(
            f"{each.kind} ({each.layer})" if each.layer else each.kind
            for each in events
            if isinstance(each, VerdictChanged) and each.state == "began"
        ),
    )


def _check_models(example: Example, outcome: Outcome) -> None:
    found = sorted(seen.name.rpartition("-")[2] for seen in outcome.runs)
    if found != sorted(example.models):
        outcome.faults.append(f"models {found}, expected {sorted(example.models)}")
    if example.reason and not any(example.reason in line for line in outcome.said):
        outcome.faults.append(f"nothing says: {example.reason}")
    expected = len(outcome.runs) + sum(len(seen.findings) for seen in outcome.runs) + bool(example.reason)
    if len(outcome.said) > 2 * expected:
        outcome.faults.append(f"{len(outcome.said)} lines on its terminal")
