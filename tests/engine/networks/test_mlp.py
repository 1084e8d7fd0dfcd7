"""What building a network costs."""

from tests.test_architecture import loaded_by


def test_a_network_is_built_without_symbolic_mathematics() -> None:
    """Its import takes half a second, for which a run would begin later."""
    code = (
        "import torch, scenarios, sys\n"
        "from engine.networks.mlp import build_head, build_hidden\n"
        "model, device = scenarios.load('depth-7').model, torch.device('cpu')\n"
        "before = {*sys.modules}\n"
        "build_hidden(model, 1, device), build_head(model, 1, 1, device)\n"
        "assert 'sympy' not in {*sys.modules} - before, 'sympy was loaded'"
    )
    loaded_by(code)
