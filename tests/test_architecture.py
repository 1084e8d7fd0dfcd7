"""What each part may import, read from the sources and tried in an interpreter.

This file is longer than 300 lines because the one table of rooms and all that is checked with it are here.
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("vanish_recorder", "scenarios", "engine", "tui_vanish")

# The rooms, floor by floor from the top. A module imports from its own room and from lower floors, neither
# from a higher one nor from another room on its own: at the top, inside functions, and for types alike.
FLOORS = (
    ("tui_vanish.__main__",),
    ("tui_vanish.cli",),
    ("tui_vanish.app",),
    ("tui_vanish.navigation",),
    ("tui_vanish.lecture",),
    (
        "tui_vanish.lab",
        "tui_vanish.compare",
        "tui_vanish.runs",
        "tui_vanish.map",
        "tui_vanish.editor",
        "tui_vanish.theory",
        "tui_vanish.palette",
    ),
    ("tui_vanish.report",),
    ("tui_vanish.monitor",),
    ("tui_vanish.chrome", "tui_vanish.poller", "tui_vanish.shutdown", "tui_vanish.suspension"),
    ("tui_vanish.sweeps", "tui_vanish.serve"),
    ("tui_vanish.session", "tui_vanish.jobs", "tui_vanish.instruments", "tui_vanish.signal_watcher"),
    ("tui_vanish.widgets",),
    (
        "tui_vanish.drawing",
        "tui_vanish.actions",
        "tui_vanish.themes",
        "tui_vanish.text_editor",
        "tui_vanish.working_folder",
        "tui_vanish.keyboard",
        "tui_vanish.faults",
        "tui_vanish.integrations",
    ),
    ("tui_vanish.language", "tui_vanish.terminal"),
    ("engine.attach", "engine.bench", "engine.theory", "engine.sweeps"),
    ("engine.runtime",),
    ("engine.training",),
    ("engine.storage", "engine.measure", "engine.export"),
    (
        "engine.tracking",
        "engine.diagnosis",
        "engine.data",
        "engine.networks",
    ),
    ("engine.meanfield",),
    ("engine.protocol", "engine.devices", "engine.randomness", "engine.user_folders"),
    ("engine.gpu_trouble",),
    ("engine.gpu_occupants",),
    ("engine.nvml",),
    ("scenarios",),
    ("vanish_recorder.automatic",),
    ("vanish_recorder.watching",),
    ("vanish_recorder.lab",),
    ("vanish_recorder.recorder",),
    ("vanish_recorder.sampling", "vanish_recorder.requests"),
    ("vanish_recorder.watched_model", "vanish_recorder.steps"),
    ("vanish_recorder.sample", "vanish_recorder.interventions", "vanish_recorder.optimizers"),
    ("vanish_recorder.hooks", "vanish_recorder.event_log", "vanish_recorder.logged"),
    ("vanish_recorder.measure", "vanish_recorder.guard", "vanish_recorder.surroundings"),
    (
        "vanish_recorder.model",
        "vanish_recorder.rounds",
        "vanish_recorder.ending",
        "vanish_recorder.schedule",
        "vanish_recorder.clock",
        "vanish_recorder.writing",
    ),
    ("vanish_recorder.recording", "vanish_recorder.control"),
    ("vanish_recorder.storage", "vanish_recorder.diagnosis"),
    ("vanish_recorder.protocol",),
)
FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}

# What the sources of a room, or of a whole package, may not name anywhere, whatever the floors allow.
NEVER = {
    "vanish_recorder": {"torchvision", "numpy", "textual", "rich", "plotext", "pydantic", "platformdirs"},
    "scenarios": {"torch", "torchvision", "textual", "rich", "plotext", "vanish_recorder"},
    "engine": {"textual", "rich", "plotext"},
    "tui_vanish": {"torch", "torchvision", "numpy"},
    "tui_vanish.widgets": {"engine", "scenarios"},
    "tui_vanish.drawing": {"engine", "scenarios"},
}
# What loads no Textual: it can be used, and tested, without a terminal.
WITHOUT_TEXTUAL = ("tui_vanish.session", "tui_vanish.jobs", "tui_vanish.sweeps", "tui_vanish.drawing")
HEAVY = {"torch", "torchvision", "numpy"}
SCREEN = {"textual", "rich", "plotext"}


def sources(package: str) -> list[Path]:
    found = sorted((ROOT / package.replace(".", "/")).rglob("*.py"))
    assert found, f"no source of {package} under {ROOT}"
    return found


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imported(path: Path) -> frozenset[str]:
    """The modules that a source names in its imports, also inside functions and for types only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module is not None
            found.update(_named(node.module, alias.name) for alias in node.names)
    return frozenset(found)


def _named(module: str, name: str) -> str:
    """What `from module import name` names: a module in that package, or else the module itself."""
    inside = ROOT / module.replace(".", "/") / name
    return f"{module}.{name}" if inside.is_dir() or inside.with_suffix(".py").exists() else module


def top_levels(path: Path) -> set[str]:
    """The top-level packages that a source names in its imports."""
    return {name.partition(".")[0] for name in imported(path)}


def arrows() -> Iterator[tuple[str, str]]:
    """Every import among our own modules: which module, and which other it names."""
    for path in chain.from_iterable(map(sources, PACKAGES)):
        for name in sorted(imported(path)):
            if name.partition(".")[0] in PACKAGES:
                yield module_name(path), name


def room(module: str) -> str:
    """The room that a module lies in; an empty name for a package that holds rooms."""
    within = [room for room in FLOOR if f"{module}.".startswith(f"{room}.")]
    return within[0] if within else ""


def breach(importer: str, name: str) -> str:
    """What is wrong with an import, in a line; empty if nothing is."""
    here, there = room(importer), room(name)
    if not here:  # the packages themselves, which name what is public in them
        return ""
    if there in (here, "") or FLOOR[there] > FLOOR[here]:
        return ""
    how = "above" if FLOOR[there] < FLOOR[here] else "beside"
    return f"{importer} imports {name}: {there.rpartition('.')[2]} is {how} {here.rpartition('.')[2]}"


def loaded_by(code: str) -> set[str]:
    """The top-level modules of an interpreter that has run `code`."""
    return {name.partition(".")[0] for name in modules_loaded_by(code)}


def modules_loaded_by(code: str) -> set[str]:
    """All modules of an interpreter that has run `code`."""
    tell = "import json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{tell}"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr))


def test_every_module_lies_in_a_room() -> None:
    """A new folder or a loose file gets its place in the table of floors."""
    modules = [module_name(path) for path in chain.from_iterable(map(sources, PACKAGES))]
    assert [module for module in modules if not room(module)] == [
        "vanish_recorder",
        "engine",
        "tui_vanish",
    ]
    assert sorted(FLOOR) == sorted({room(module) for module in modules} - {""})


def test_a_module_imports_only_from_its_own_room_and_from_lower_floors() -> None:
    breaches = [line for importer, name in arrows() if (line := breach(importer, name))]
    assert not breaches, "\n".join(breaches)


def test_a_breach_says_which_import_goes_where() -> None:
    assert breach("tui_vanish.lab.screen", "tui_vanish.app") == (
        "tui_vanish.lab.screen imports tui_vanish.app: app is above lab"
    )
    assert breach("tui_vanish.lab.screen", "tui_vanish.runs.columns") == (
        "tui_vanish.lab.screen imports tui_vanish.runs.columns: runs is beside lab"
    )
    assert breach("tui_vanish.app", "tui_vanish.lab.screen") == ""


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for importer, name in arrows():
        graph.setdefault(importer, set()).add(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_only_the_command_line_names_the_app() -> None:
    importers = {importer for importer, name in arrows() if name == "tui_vanish.app"}
    assert {room(importer) for importer in importers} == {"tui_vanish.cli"}


@pytest.mark.parametrize("part", NEVER)
def test_a_part_never_names_what_it_does_without(part: str) -> None:
    crossing = [
        f"{module_name(path)} imports {name}"
        for path in sources(part)
        for name in sorted(top_levels(path) & NEVER[part])
    ]
    assert crossing == []


def test_the_recorder_needs_torch_and_the_standard_library_only() -> None:
    """It is imported into other people's scripts, whose folder may hold an `engine.py`."""
    allowed = {*sys.stdlib_module_names, "torch", "vanish_recorder", "sitecustomize"}
    assert {name for path in sources("vanish_recorder") for name in top_levels(path)} <= allowed


def test_plotext_is_imported_by_one_module() -> None:
    importers = [module_name(path) for path in sources("tui_vanish") if "plotext" in top_levels(path)]
    assert importers == ["tui_vanish.drawing.strokes"]


def test_private_parts_of_textual_are_imported_only_where_the_app_can_do_without() -> None:
    private = [
        module_name(path)
        for path in sources("tui_vanish")
        if any(name.startswith("textual._") for name in imported(path))
    ]
    assert private == [
        "tui_vanish.chrome.closed_screens",
        "tui_vanish.chrome.narrow_updates",
        "tui_vanish.keyboard.driver",
    ]
    importers = [importer for importer, name in arrows() if name == private[1]]
    assert importers == ["tui_vanish.chrome.compositor"]


def test_every_module_of_the_engine_loads_without_the_screen() -> None:
    names = ", ".join(module_name(path) for path in sources("engine"))
    assert not loaded_by(f"import {names}") & (SCREEN | {"tui_vanish"})


def test_every_module_of_the_scenarios_loads_without_torch_and_the_screen() -> None:
    names = ", ".join(module_name(path) for path in sources("scenarios"))
    assert not loaded_by(f"import {names}") & (HEAVY | SCREEN | {"engine", "tui_vanish"})


@pytest.mark.parametrize("part", WITHOUT_TEXTUAL)
def test_every_module_of_a_part_without_a_screen_loads_without_textual(part: str) -> None:
    names = ", ".join(module_name(path) for path in sources(part))
    assert "textual" not in loaded_by(f"import {names}")


def test_a_run_is_described_without_pydantic() -> None:
    code = (
        "import engine.tracking.snapshot, engine.diagnosis, engine.storage.follower\n"
        "from engine.protocol.spec import RunSpec\n"
        "RunSpec(id='x')"
    )
    assert not loaded_by(code) & (HEAVY | SCREEN | {"pydantic"})


def test_the_engine_loads_torch_only_when_it_trains() -> None:
    code = (
        "import engine.data.fashion_mnist, engine.data.download\n"
        "import engine.storage.run_log, engine.tracking.snapshot\n"
        "from engine.runtime.engine import Engine\n"
        "from engine.runtime.state import Settings\n"
        "Engine(Settings())"
    )
    assert not loaded_by(code) & HEAVY


def test_a_script_that_imports_watch_loads_torch_and_little_of_the_recorder() -> None:
    code = "from tui_vanish import watch"
    assert not loaded_by(code) & (SCREEN | {"torchvision", "engine", "scenarios"})
    ours = {name for name in modules_loaded_by(code) if name.startswith("vanish_recorder.")}
    few = {"watching", "lab", "protocol", "protocol.status"}
    assert ours == {f"vanish_recorder.{name}" for name in few}


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
