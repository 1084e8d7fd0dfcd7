"""A framework is loaded only with its callback; a missing one is named."""

import subprocess
import sys

import pytest

_WITHOUT = "import sys; sys.modules.update(dict.fromkeys(['lightning', 'pytorch_lightning', 'transformers']))"


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_the_package_loads_no_framework() -> None:
    loaded = "{'lightning', 'pytorch_lightning', 'transformers', 'torch'} & set(sys.modules)"
    done = run(f"import sys, tui_vanish.integrations; assert not {loaded}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("callback", "package"), [("LightningWatch", "lightning"), ("TrainerWatch", "transformers")]
)
def test_a_missing_framework_is_named(callback: str, package: str) -> None:
    done = run(f"{_WITHOUT}\nfrom tui_vanish.integrations import {callback}")
    assert done.stderr.splitlines()[-1] == f"ImportError: {callback} needs {package}: pip install {package}"


def test_a_script_of_the_other_lightning_package_gets_a_callback_of_that_package() -> None:
    done = run(
        "import sys, warnings; warnings.simplefilter('ignore'); import pytorch_lightning\n"
        "from tui_vanish.integrations import LightningWatch\n"
        "assert issubclass(LightningWatch, pytorch_lightning.Callback)"
    )
    assert done.returncode == 0, done.stderr
