"""The comparison itself, with scripts that behave and a script that does not."""

from pathlib import Path
from textwrap import dedent

from tests.acceptance.examples import Example
from tests.acceptance.trial import tried

_TRAINS = """
    import torch
    torch.manual_seed(0)
    class Net(torch.nn.Sequential): ...
    net = Net(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        loss = net(torch.randn(8, 4)).square().mean()
        loss.backward()
        optimizer.step()
    print(loss.item())
"""


def checkout(folder: Path, script: str) -> Path:
    (folder / "checkout" / "net").mkdir(parents=True)
    (folder / "checkout" / "net" / "main.py").write_text(dedent(script))
    return folder / "checkout"


def test_a_script_that_trains_as_always_has_no_faults(tmp_path: Path) -> None:
    script = f"{_TRAINS}\n    torch.save(net.state_dict(), 'net.pt')\n    raise SystemExit(0)\n"
    example = Example("net", "net", models=("Net",), saves=("net.pt",))
    outcome = tried(example, checkout(tmp_path, script), tmp_path)
    assert outcome.faults == []
    (seen,) = outcome.runs
    assert (seen.name, seen.steps, seen.samples, len(seen.losses)) == ("main-Net", 4, 4, 2)


def test_everything_that_differs_is_a_fault(tmp_path: Path) -> None:
    script = f"""{_TRAINS}
    import os, sys
    recorded = "VANISH_TUI_RECORD" in os.environ
    if recorded:
        net[0].weight.data += 1e-7
        open("more", "w").close()
        print("more", file=sys.stderr)
    print(recorded)
    torch.save(net.state_dict(), 'net.pt')
    sys.exit(3 if recorded else 0)
    """
    example = Example("net", "net", models=("Other",), saves=("net.pt", "gone.pt"))
    assert tried(example, checkout(tmp_path, script), tmp_path).faults == [
        "exit code 3, without record 0",
        "it prints something else",
        "its standard error is another",
        "net.pt has other weights",
        "gone.pt was not saved",
        "other files in its folder: ['more']",
        "main-Net: the run did not end as finished",
        "models ['Net'], expected ['Other']",
    ]
