"""The built wheel in a separate environment: it contains everything that the program needs."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.e2e.pseudo_terminal import PATIENCE, child_environment

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `vanish-tui` of an environment with the wheel, which borrows the packages that the wheel needs."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    environment = folder / "venv"
    venv.create(environment, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin/python"), "install", "--quiet"]
    subprocess.run(
        [*pip, "--disable-pip-version-check", "--no-deps", "--no-index", str(wheel)],
        check=True,
        timeout=PATIENCE,
    )
    # So that torch is not installed twice: a .pth file adds the folder, but not the editable project in it.
    (site,) = (environment / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin" / "vanish-tui"


def run(command: Path, *arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [command, *arguments],
        capture_output=True,
        text=True,
        env=child_environment({"PYTHONPATH": None}),
        cwd=cwd,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_runs_from_another_folder_with_its_own_scenarios_and_data(
    installed: Path, tmp_path: Path
) -> None:
    entries = json.loads(run(installed, "list", "--json", cwd=tmp_path))
    assert len(entries) == len(list((ROOT / "scenarios/catalogue").glob("*.toml")))
    assert all(Path(entry["path"]).is_relative_to(installed.parent.parent) for entry in entries)
    assert "5 hidden layers" in run(installed, "show", "depth-5", cwd=tmp_path)

    small = ("--epochs", "1", "--set", "model.width=8", "--data", "sample", "--json")
    lines = run(installed, "run", "depth-3", *small, cwd=tmp_path).splitlines()
    assert json.loads(lines[0])["data"]["source"] == "sample"
    assert json.loads(lines[-1])["status"] == "finished"


def test_the_wheel_holds_every_file_of_the_packages(installed: Path) -> None:
    (site,) = (installed.parent.parent / "lib").glob("python*/site-packages")
    for package in ("tui_vanish", "engine", "scenarios"):
        added = {"language/vi.mo"} if package == "tui_vanish" else set()  # what the build compiles
        assert files(site / package) == files(ROOT / package) | added


def files(folder: Path) -> set[str]:
    return {
        os.path.relpath(path, folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
