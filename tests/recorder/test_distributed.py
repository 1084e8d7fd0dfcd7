"""Two processes that train one model together: only the first records, and says what it cannot see."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from engine.storage.run_log import read_events
from vanish_recorder.protocol.watch_events import Measured, StructureFound

_SCRIPT = """
    import sys
    import torch
    from torch import nn
    from torch.distributed import init_process_group, destroy_process_group

    from tui_vanish import watch

    how, runs = sys.argv[1:]
    init_process_group("gloo")
    rank = torch.distributed.get_rank()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    if how == "ddp":
        model = nn.parallel.DistributedDataParallel(model)
    elif how.startswith("fsdp1"):
        from torch.distributed.fsdp import FullyShardedDataParallel
        model = FullyShardedDataParallel(
            model, device_id=torch.device("cpu"), use_orig_params=how == "fsdp1 as named"
        )
    else:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard
        fully_shard(model, mesh=init_device_mesh("cpu", (2,)))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, optimizer, runs_dir=runs, quiet=True)
    generator = torch.Generator().manual_seed(rank)
    inputs = torch.randn(8, 4, generator=generator)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), torch.arange(8) % 3).backward()
        if rank == 0 and how == "ddp":
            print("norm", model.module[0].weight.grad.double().norm().item())
        optimizer.step()
    lab.close()
    destroy_process_group()
"""


@pytest.mark.parametrize("how", ["ddp", "fsdp", "fsdp1", "fsdp1 as named"])
def test_one_process_records_and_says_what_it_cannot_see(how: str, tmp_path: Path) -> None:
    pytest.importorskip("torch.distributed.fsdp")
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(_SCRIPT))
    runs = tmp_path / "runs"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*command, str(script), how, str(runs)],
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = [each for each in runs.iterdir() if not each.name.startswith(".")]
    events = read_events(folder / "events.jsonl")
    samples = [event for event in events if isinstance(event, Measured)]
    structure = [event for event in events if isinstance(event, StructureFound)][-1]
    names = [spec.name for spec in structure.tensors]
    assert [sample.step for sample in samples] == [1, 2, 3]
    if how == "ddp":
        expected = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("norm")]
        place = names.index("0.weight")
        assert [sample.tensors["grad_norm"][place] for sample in samples] == pytest.approx(expected, rel=1e-4)
        assert not structure.left_out
    else:
        assert set(samples[0].states) == {"x"}
        assert set(structure.left_out) == set(names)
        assert all("each process holds a part of it" in why for why in structure.left_out.values())
        assert ("0.weight" in names) == (how != "fsdp1")  # that one has one tensor for all
