"""`vanish-tui doctor --gpu`: train a little on a GPU, each part in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_vanish.cli.doctor.devices import json_of
from tui_vanish.language import marked, tr
from tui_vanish.language.below import spoken

if TYPE_CHECKING:
    from rich.table import Table

STEPS = 30  # of each scenario, on both devices
_SECONDS = 600  # for a part; a driver may hang
_PARTS = {
    "bits": marked("every scenario, on the CPU and on {device}"),
    "step": marked("a step on {device}"),
    "lockstep": marked("six runs in lockstep on {device}"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the check.

    Attributes:
        key: which part: bits, step or lockstep.
        result: what `engine.bench.gpu_parts` printed; None if it failed.
        problem: why it failed, in one sentence; empty if it did not.
    """

    key: str
    result: Any
    problem: str


def check_gpu(device: str, data: Path | None, steps: int, say: Callable[[str], None]) -> tuple[Part, ...]:
    """Run all parts; one that fails does not keep the others from running.

    Args:
        device: cuda, cuda:N, or another device that training accepts.
        data: the value of `--data`.
        steps: of each scenario.
        say: called with the name of each part as it begins.
    """
    parts = []
    for number, (key, name) in enumerate(_PARTS.items(), 1):
        say(f"{number}/{len(_PARTS)}: {tr(name, device=device)}")
        parts.append(_run(key, device, data, steps))
    return tuple(parts)


def _run(key: str, device: str, data: Path | None, steps: int) -> Part:
    arguments = ["-m", "engine.bench.gpu_parts", key, "--device", device, "--steps", str(steps)]
    arguments += [] if data is None else ["--data", str(data)]
    return Part(key, *json_of(arguments, _SECONDS))


def problems(parts: tuple[Part, ...], device: str) -> list[str]:
    """A sentence for each part that failed."""
    return [
        f"{tr(_PARTS[part.key], device=device)}: {spoken(part.problem)}" for part in parts if part.problem
    ]


def print_parts(parts: tuple[Part, ...], device: str) -> None:
    """Print what was measured, as tables on standard output."""
    from tui_vanish.cli.printing import TableConsole

    found = {part.key: part.result for part in parts if part.result is not None}
    console = TableConsole()
    if "bits" in found:
        console.print()
        console.print(_bits_table(found["bits"], device))
    if "step" in found:
        step = found["step"]
        finished, launched = (f"{1000 * step[key]['median']:.2f}" for key in ("step", "launch"))
        text = tr(
            "A step of depth-7 takes {finished} ms on {device}; launching it takes {launched} ms of that.",
            device=device,
            finished=finished,
            launched=launched,
        )
        console.print(f"\n{text}" + (f" ({step['bound']}-bound)" if device != "cpu" else ""))
    if "lockstep" in found:
        lockstep = found["lockstep"]
        text = tr(
            "{runs} runs of one epoch take {together} s in lockstep, and {in_turn} s one after another.",
            runs=lockstep["runs"],
            together=f"{lockstep['together']['median']:.1f}",
            in_turn=f"{lockstep['in_turn']['median']:.1f}",
        )
        console.print(text)


def _bits_table(rows: list[dict[str, Any]], device: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    title = tr("{number} steps on the CPU and on {device}", number=rows[0]["steps"], device=device)
    headings = (title, tr("bits differ"), tr("loss of step 1"), tr("all losses, at most"), tr("weights"))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(row["scenario"], *bits_cells(row))
    return table


def bits_cells(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """One scenario: from which step the bits differ, and how large the relative differences are."""
    on_cpu, there = row["diverged"]
    if row["weights"] is not None:
        weights = f"{row['weights']:.1e}"
    elif on_cpu == there:
        weights = tr("diverged at step {step}", step=on_cpu)
    else:
        weights = tr("diverged at step {step} and {other}", step=on_cpu or "–", other=there or "–")
    differs = tr("never") if row["differs_at"] is None else tr("from step {step}", step=row["differs_at"])
    return differs, f"{row['first']:.1e}", f"{row['largest']:.1e}", weights
