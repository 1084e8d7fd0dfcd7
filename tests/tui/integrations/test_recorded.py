"""Scripts with a framework's trainer under `record`, without a line in them."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from engine.storage.run_log import read_events
from tests.e2e.pseudo_terminal import PATIENCE, child_environment
from vanish_recorder.protocol.events import RunFinished
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import Measured

_SCRIPT = """
    import sys, torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        def forward(self, inputs, labels):
            return {"loss": nn.functional.cross_entropy(self.net(inputs), labels)}

    inputs = torch.randn(48, 4, generator=torch.Generator().manual_seed(1))
    rows = [{"inputs": each, "labels": torch.tensor(n % 3)} for n, each in enumerate(inputs)]
    model = Net()
"""
_TRAINERS = {
    "transformers": """
    from transformers import Trainer, TrainingArguments
    arguments = TrainingArguments(
        "out", use_cpu=True, per_device_train_batch_size=8, gradient_accumulation_steps=2, num_train_epochs=1,
        report_to="none", save_strategy="no", disable_tqdm=True, dataloader_pin_memory=False,
    )
    Trainer(model, arguments, train_dataset=rows).train()
    """,
    "lightning": """
    import lightning.pytorch as lightning
    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = model
        def training_step(self, batch, number):
            return self.model(**batch)["loss"]
        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), 5e-5)
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )
    trainer.fit(Module(), torch.utils.data.DataLoader(rows, batch_size=16))
    """,
}
_LAST = """
    torch.save(model.state_dict(), sys.argv[1])
"""


@pytest.mark.parametrize("framework", _TRAINERS)
def test_a_script_with_a_trainer_is_recorded_without_a_line(framework: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(dedent(_SCRIPT) + dedent(_TRAINERS[framework]) + dedent(_LAST))
    record = ["-P", "-m", "tui_vanish", "record", "--runs-dir", str(tmp_path / "runs"), "--", sys.executable]
    saved = []
    for before in ([], record):
        saved.append(tmp_path / str(len(before)) / "weights.pt")  # the file has its name in it
        saved[-1].parent.mkdir()
        done = subprocess.run(
            [sys.executable, *before, str(script), str(saved[-1])],
            cwd=tmp_path,
            env=child_environment({"PYTHONWARNINGS": "ignore"}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert saved[0].read_bytes() == saved[1].read_bytes()
    (run,) = [each for each in (tmp_path / "runs").iterdir() if (each / "run.json").is_file()]
    events = read_events(run / "events.jsonl")
    samples = [each for each in events if isinstance(each, Measured)]
    assert [each.step for each in samples] == [1, 2, 3]
    assert all(0.8 < each.logged["loss"] < 1.6 for each in samples[1:])  # not the half of it
    assert isinstance(events[-1], RunFinished)
    assert events[-1].status is Status.FINISHED
