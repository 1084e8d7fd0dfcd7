"""The arrows between the packages: what each may import, read from the source and tried in an interpreter."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("scenarios", "engine", "tui_vanish")

# What a package's source may not name anywhere, not even inside a function.
NEVER = {
    "scenarios": {"engine", "tui_vanish", "torch", "torchvision", "textual", "rich", "plotext"},
    "engine": {"tui_vanish", "textual", "rich", "plotext"},
    "tui_vanish": {"torch", "torchvision", "numpy"},
}
HEAVY = {"torch", "torchvision", "numpy"}
SCREEN = {"textual", "rich", "plotext"}


def sources(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no source of {package} under {ROOT}"
    return found


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[str]:
    """The top-level packages that a source names in its imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield (node.module or "").partition(".")[0]


def loaded_by(code: str) -> set[str]:
    """The top-level modules of an interpreter that has run `code`."""
    tell = (
        "import json, sys; sys.stderr.write(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_only_what_stands_below_it(package: str) -> None:
    crossing = [
        f"{module_name(path)} imports {name}"
        for path in sources(package)
        for name in imported(path)
        if name in NEVER[package]
    ]
    assert crossing == []


def test_plotext_is_imported_by_one_module() -> None:
    importers = [module_name(path) for path in sources("tui_vanish") if "plotext" in set(imported(path))]
    assert importers == ["tui_vanish.drawing.chart"]


def test_every_module_of_the_engine_loads_without_the_screen() -> None:
    names = ", ".join(module_name(path) for path in sources("engine"))
    assert not loaded_by(f"import {names}") & (SCREEN | {"tui_vanish"})


def test_every_module_of_the_scenarios_loads_without_torch_and_the_screen() -> None:
    names = ", ".join(module_name(path) for path in sources("scenarios"))
    assert not loaded_by(f"import {names}") & (HEAVY | SCREEN | {"engine", "tui_vanish"})


def test_the_engine_loads_torch_only_when_it_trains() -> None:
    code = (
        "import engine.runtime.engine as r, engine.data.fashion_mnist, engine.data.download\n"
        "import engine.storage.run_log, engine.tracking.snapshot\n"
    )
    assert not loaded_by(f"{code}r.Engine(r.Settings())") & HEAVY


def test_the_app_loads_neither_torch_nor_what_the_first_frame_can_do_without() -> None:
    assert not loaded_by("import tui_vanish.app") & (HEAVY | {"plotext", "pydantic"})


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["--version"], HEAVY | SCREEN | {"pydantic"}),
        (["--help"], HEAVY | SCREEN | {"pydantic"}),
        (["list"], HEAVY | SCREEN | {"pydantic"}),
        (["show", "depth-7"], HEAVY | SCREEN),
        (["validate", "scenarios/catalogue/depth-7.toml"], HEAVY | SCREEN),
        (["run", "--help"], HEAVY | SCREEN),
    ],
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], spared: set[str]) -> None:
    code = (
        "from tui_vanish.cli.main import main\n"
        "try:\n"
        f"    code = main({arguments!r})\n"
        "except SystemExit as leaving:\n"
        "    code = leaving.code\n"
        "assert not code, code"
    )
    assert not loaded_by(code) & spared
