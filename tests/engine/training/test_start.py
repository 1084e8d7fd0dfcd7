import subprocess
import sys

_PROGRAM = """
import sys
from tests.engine.lab import begin, make_scenario, random_data, train
trainer, _ = begin(make_scenario({"optimizer": {"name": NAME}} if NAME == "adam" else {}), random_data())
train(trainer, 3)
trainer.state()
print(*sorted({"torch._dynamo", "torch._inductor", "triton", "torchvision"} & set(sys.modules)))
"""


def test_training_does_not_load_the_compiler() -> None:
    """It would double the time until the first step; torch.optim's classes load it."""
    program = _PROGRAM.replace("NAME", repr("adam"))
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
