"""`vanish-tui record` around real programs: they behave as without it, and what they train is recorded.

It is long because each case is a program that is written here beside what is expected of it.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.e2e.processes import run_names, saved
from tests.e2e.pseudo_terminal import PATIENCE, PROGRAM, PseudoTerminal, child_environment
from vanish_recorder.control import Stop, ask
from vanish_recorder.storage.paths import default_runs_folder

MODEL = """
import sys, torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def step(model=model, optimizer=optimizer):
    optimizer.zero_grad()
    model(torch.randn(16, 8)).square().mean().backward()
    optimizer.step()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(project: Path, text: str, name: str = "train.py") -> str:
    (project / name).write_text(dedent(text))
    return str(project / name)


def record(*arguments: str, cwd: Path, **environment: str | None) -> "subprocess.CompletedProcess[str]":
    """Run `vanish-tui record` until the command ends."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui_vanish", "record", *arguments],  # as the installed command
        capture_output=True,
        text=True,
        cwd=cwd,
        env=child_environment({"VANISH_TUI_RECORD": None, **environment}),
        timeout=PATIENCE,
        check=False,
    )


def python(*arguments: str) -> Sequence[str]:
    return ("--", sys.executable, *arguments)


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stderr.splitlines()[-1] if done.stderr else ""


def watched(run: str) -> dict[str, Any]:
    text = (default_runs_folder() / run / "run.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["watched"]
    return found


def measured(run: str) -> list[dict[str, Any]]:
    return [line for line in saved(run) if line["event"] == "measured"]


# ---------------------------------------------------------------------------------- what is recorded


def test_a_script_is_recorded_from_its_first_step_and_keeps_its_exit_code(project: Path) -> None:
    script = write(project, f"{MODEL}\nfor _ in range(30): step()\nprint('loss', sys.argv[1:])\nsys.exit(7)")
    done = record(*python(script, "--lr", "1", "--"), cwd=project)
    assert (done.returncode, done.stdout) == (7, "loss ['--lr', '1', '--']\n")
    (run,) = run_names()
    assert watched(run)["name"] == "train-Sequential"
    assert watched(run)["arguments"] == ["--lr", "1", "--"]
    samples = measured(run)
    assert [line["step"] for line in samples][:10] == list(range(1, 11))
    assert all(value > 0 for value in samples[0]["tensors"]["update_ratio"])
    assert all(value > 0 for value in samples[1]["blocks"]["delta_norm"][:-1])
    assert "nothing was recorded" not in done.stderr


def test_recording_leaves_the_weights_identical(project: Path) -> None:
    script = write(
        project,
        f"{MODEL}\nfor _ in range(25): step()\n"
        "print([each.tolist() for each in model.parameters()], torch.rand(3).tolist())",
    )
    plain = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert record(*python(script), cwd=project).stdout == plain.stdout
    assert run_names()


def test_a_generator_and_its_discriminator_are_two_runs_and_a_pair_with_one_optimizer_is_one(
    project: Path,
) -> None:
    script = write(
        project,
        """
        import torch
        from torch import nn
        class Generator(nn.Linear): ...
        class Discriminator(nn.Linear): ...
        class Encoder(nn.Linear): ...
        class Decoder(nn.Linear): ...
        def train(model, *optimizers):
            for _ in range(3):
                model(torch.randn(4, 4)).square().mean().backward()
                for each in optimizers: each.step()
        generator, discriminator = Generator(4, 4), Discriminator(4, 4)
        for model in generator, discriminator:
            train(model, torch.optim.Adam(model.parameters()))
        encoder, decoder = Encoder(4, 4), Decoder(4, 4)
        both = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.1)
        train(lambda x: decoder(encoder(x)), both)
        """,
    )
    assert record(*python(script), cwd=project).returncode == 0
    names = {watched(run)["name"]: run for run in run_names()}
    assert set(names) == {"train-Generator", "train-Discriminator", "train-Encoder-Decoder"}
    (structure, *_) = [line for line in saved(names["train-Encoder-Decoder"]) if line["event"] == "structure"]
    assert [tensor["name"] for tensor in structure["tensors"]] == [
        "Encoder.weight",
        "Encoder.bias",
        "Decoder.weight",
        "Decoder.bias",
    ]


def test_two_models_that_train_in_turn_are_both_recorded_from_their_first_step(project: Path) -> None:
    script = write(
        project,
        """
        import torch
        from torch import nn
        class Generator(nn.Linear): ...
        class Discriminator(nn.Linear): ...
        models = Discriminator(4, 4), Generator(4, 4)
        optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in models]
        for _ in range(3):
            for model, optimizer in zip(models, optimizers):
                optimizer.zero_grad()
                model(torch.ones(4, 4)).square().mean().backward()
                optimizer.step()
                if model is models[1]:
                    print(model.weight.grad.norm().item())
        """,
    )
    done = record(*python(script), cwd=project)
    names = {watched(run)["name"]: run for run in run_names()}
    assert [len(measured(run)) for run in names.values()] == [3, 3]
    norms = [line["tensors"]["grad_norm"][0] for line in measured(names["train-Generator"])]
    assert norms == pytest.approx([float(line) for line in done.stdout.split()], rel=1e-5)


def test_the_first_run_gets_the_name_that_the_user_chose(project: Path) -> None:
    script = write(
        project,
        f"{MODEL}\nstep()\nother = nn.Linear(8, 1)\nstep(other, torch.optim.SGD(other.parameters(), lr=1))",
    )
    record("--name", "mine", "--every", "1", *python(script), cwd=project)
    assert {watched(run)["name"] for run in run_names()} == {"mine", "mine-Linear"}
    assert {watched(run)["every"] for run in run_names()} == {1}


def test_a_module_an_interpreter_alone_and_a_launcher_are_recorded(project: Path) -> None:
    (project / "package").mkdir()
    write(project, f"{MODEL}\nstep()", "package/__main__.py")
    record(*python("-m", "package"), cwd=project)
    subprocess.run(
        [*PROGRAM, "record", "--", sys.executable],
        input=f"{MODEL}\n\nstep()\n",
        text=True,
        env=child_environment({}),
        cwd=project,
        check=True,
    )
    write(project, f"cd {project} && {sys.executable} -m package && exit 5", "launch.sh")
    assert record("--", "sh", "launch.sh", cwd=project).returncode == 5
    assert [watched(run)["name"] for run in run_names()] == [
        "package-Sequential",
        "python-Sequential",
        "package-Sequential",
    ]


def test_torchrun_records_one_run_and_says_nothing_about_the_other_processes(project: Path) -> None:
    script = write(
        project,
        f"""{MODEL}
torch.distributed.init_process_group("gloo")
model = nn.parallel.DistributedDataParallel(model)
for _ in range(3): step(model)
torch.distributed.destroy_process_group()
""",
    )
    done = record(
        *python("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script), cwd=project
    )
    assert done.returncode == 0, done.stderr
    (run,) = run_names()
    assert (watched(run)["name"], watched(run)["world_size"]) == ("train-Sequential", 2)
    assert "nothing was recorded" not in done.stderr
    quiet = write(project, "print('no torch')", "quiet.py")
    done = record(
        *python("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", quiet), cwd=project
    )
    assert done.stderr.count("nothing was recorded") == 1


def test_a_model_that_the_script_watches_itself_is_recorded_once(project: Path) -> None:
    script = write(
        project, f"{MODEL}\nfrom tui_vanish import watch\nwatch(model, name='own')\nstep()\nstep()"
    )
    done = record(*python(script), cwd=project)
    assert [watched(run)["name"] for run in run_names()] == ["own"]
    assert "nothing was recorded" not in done.stderr


def test_models_that_the_script_drops_end_their_runs_and_are_not_kept_alive(project: Path) -> None:
    script = write(
        project,
        """
        import gc, torch, weakref
        from torch import nn
        for _ in range(3):
            model = nn.Linear(2, 2)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            alive = weakref.ref(model)
            del model, optimizer
            gc.collect()
            assert alive() is None
        """,
    )
    done = record(*python(script), cwd=project)
    assert done.returncode == 0, done.stderr
    assert [saved(run)[-1]["event"] for run in run_names()] == ["run_finished"] * 3


# ------------------------------------------------------------------------ the script is left as it is


def test_a_folder_with_modules_of_our_names_works(project: Path) -> None:
    """Its own `vanish_recorder` is what the script imports, before and after the first step."""
    for name in ("engine", "utils", "vanish_recorder", "tui_vanish"):
        write(project, f"NAME = 'my {name}'", f"{name}.py")
    (project / "scenarios").mkdir()
    write(project, "NAME = 'my scenarios'", "scenarios/__init__.py")
    script = write(
        project,
        f"""import engine, scenarios, utils
{MODEL}
step()
import vanish_recorder, tui_vanish
step()
print([each.NAME for each in (engine, scenarios, utils, vanish_recorder, tui_vanish)])
""",
    )
    done = record(*python(script), cwd=project)
    assert done.stdout.strip() == str(
        [f"my {n}" for n in ("engine", "scenarios", "utils", "vanish_recorder", "tui_vanish")]
    )
    (run,) = run_names()
    assert len(measured(run)) == 2


def test_a_sitecustomize_of_the_users_is_the_one_that_is_imported(project: Path) -> None:
    (project / "site").mkdir()
    write(project, "CHOSEN = 'mine'", "site/sitecustomize.py")
    script = write(project, "import sitecustomize; print(sitecustomize.CHOSEN, sitecustomize.__file__)")
    done = record(*python(script), cwd=project, PYTHONPATH=f"{project / 'site'}{os.pathsep}{os.getcwd()}")
    assert done.stdout.split() == ["mine", str(project / "site/sitecustomize.py")]
    write(project, "raise RuntimeError('broken')", "site/sitecustomize.py")
    done = record(*python("-c", "1"), cwd=project, PYTHONPATH=f"{project / 'site'}{os.pathsep}{os.getcwd()}")
    assert done.stderr.count("RuntimeError: broken") == 2, "once of vanish-tui itself, once of the script"


def test_what_a_script_finds_around_it_is_as_without_recording(project: Path) -> None:
    script = write(
        project,
        """
        import sys
        first = sorted(set(sys.modules) - {"atexit"})
        import json, os, warnings
        print(json.dumps([first, sys.path, sys.argv, sys.flags, warnings.filters, os.getppid()], default=str))
        """,
    )
    plain = subprocess.run(
        [sys.executable, "-X", "dev", script],
        capture_output=True,
        text=True,
        env=child_environment({}),
        check=True,
    )
    done = record(*python("-X", "dev", script), cwd=project)
    assert json.loads(done.stdout) == json.loads(plain.stdout)
    assert done.stderr == "vanish-tui: nothing was recorded: the program did not import torch\n"


def test_workers_of_a_loader_and_programs_that_train_nothing_leave_no_run(project: Path) -> None:
    script = write(
        project,
        f"""import subprocess
{MODEL}
from torch.utils.data import DataLoader
if __name__ == "__main__":
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    for context in ("fork", "spawn"):
        data = DataLoader(torch.randn(8, 8), 4, num_workers=1, multiprocessing_context=context)
        for _ in data: step()
""",
    )
    done = record(*python(script), cwd=project)
    assert done.returncode == 0, done.stderr
    (run,) = run_names()
    assert saved(run)[-1]["steps"] == 4


# ---------------------------------------------------------------------- how it ends, and what is said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("print('hello')", "did not import torch"),
        ("import torch", "no optimizer made a step"),
        (
            "import torch\nx = torch.nn.Parameter(torch.ones(2))\no = torch.optim.SGD([x], lr=1)\no.step()",
            "SGD stepped tensors that belong to no module",
        ),
        ("import os; print(end='', flush=True); os._exit(0)", "did not import torch"),
    ],
    ids=["no torch", "no step", "no module", "os._exit"],
)
def test_why_nothing_was_recorded_is_the_last_line(project: Path, text: str, reason: str) -> None:
    done = record(*python(write(project, text)), cwd=project)
    assert done.returncode == 0
    assert last_line(done).startswith("vanish-tui: nothing was recorded: ")
    assert reason in last_line(done)
    assert done.stderr.count("vanish-tui") == 1
    assert run_names() == []


def test_an_error_of_the_script_is_its_own_and_ends_the_run(project: Path) -> None:
    done = record(*python(write(project, f"{MODEL}\nstep()\nraise ValueError('my own')")), cwd=project)
    assert done.returncode == 1
    assert last_line(done) == "ValueError: my own"
    assert "vanish_recorder" not in done.stderr
    (run,) = run_names()
    assert (saved(run)[-1]["status"], saved(run)[-1]["error"]) == ("failed", "ValueError: my own")


def test_os_exit_ends_the_run(project: Path) -> None:
    done = record(*python(write(project, f"import os\n{MODEL}\nstep()\nos._exit(9)")), cwd=project)
    assert done.returncode == 9
    (run,) = run_names()
    assert saved(run)[-1]["event"] == "run_finished"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ([sys.executable, "-I", "-c", "print(1)"], "python -I ignores the environment"),
        (["true"], "the command started no Python program"),
    ],
)
def test_a_command_that_cannot_be_recorded_says_so_at_the_end(
    command: list[str], reason: str, project: Path
) -> None:
    done = record("--", *command, cwd=project)
    assert done.returncode == 0
    assert reason in last_line(done)


def test_quiet_says_nothing(project: Path) -> None:
    assert record("--quiet", *python("-c", "print(1)"), cwd=project).stderr == ""
    assert record("--quiet", "--", "true", cwd=project).stderr == ""
    script = write(project, f"{MODEL}\nstep()")
    assert record("--quiet", *python(script), cwd=project).stderr == ""
    assert run_names()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "there is no command to record"),
        (("--", "no-such-program"), "there is no program 'no-such-program'"),
        (("--every", "0", "--", "true"), "expected auto or a number of steps from 1"),
        (("--name", "a/b", "--", "true"), "expected a name"),
        (("--runs-dir", "/dev/null/runs", "--", "true"), "runs cannot be saved"),
    ],
)
def test_wrong_use_is_refused_in_one_line(arguments: tuple[str, ...], words: str, project: Path) -> None:
    done = record(*arguments, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


WAITING = """
import signal, sys
try:
    print('ready', flush=True)
    signal.pause()
except KeyboardInterrupt:
    sys.exit(11)
"""


@pytest.mark.parametrize(
    "text", ["", "import torch", f"{MODEL}\nfor _ in range(15): step()"], ids=["plain", "torch", "recorded"]
)
def test_ctrl_c_that_the_script_does_not_catch_ends_it_by_the_signal(text: str, project: Path) -> None:
    script = write(project, f"{text}\nimport os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint(1)")
    done = record(*python(script), cwd=project)
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "")
    assert "KeyboardInterrupt" in done.stderr.splitlines()
    assert [saved(run)[-1]["status"] for run in run_names()] == ["stopped"] * ("step" in text)


@pytest.mark.parametrize("prefix", [[], ["sh", "-c", '"$@"; exit $?', "sh"]], ids=["python", "launcher"])
def test_ctrl_c_reaches_the_script(prefix: list[str], project: Path) -> None:
    script = write(project, WAITING)
    with PseudoTerminal(["record", "--", *prefix, sys.executable, script], cwd=project) as terminal:
        terminal.wait_for("ready")
        terminal.type("\x03")
        assert terminal.wait_for_end() in (11, -signal.SIGINT), terminal.text
        assert terminal.text.count("nothing was recorded") == 1


@pytest.mark.parametrize("prefix", [[], ["env"]], ids=["python", "launcher"])
def test_a_signal_to_the_process_reaches_the_script_and_its_exit_code_comes_back(
    prefix: list[str], project: Path
) -> None:
    script = write(
        project,
        WAITING.replace(
            "signal.pause()",
            "signal.signal(15, lambda *_: sys.exit(12))\n    print('set', flush=True)\n    signal.pause()",
        ),
    )
    with subprocess.Popen(
        [*PROGRAM, "record", "--", *prefix, sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        env=child_environment({}),
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "set\n"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 12


@pytest.mark.parametrize("prefix", [[], ["env"]], ids=["python", "launcher"])
def test_a_script_that_a_signal_kills_ends_the_command_by_that_signal(
    prefix: list[str], project: Path
) -> None:
    done = record(
        "--",
        *prefix,
        sys.executable,
        "-c",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        cwd=project,
    )
    assert done.returncode == -signal.SIGKILL


def test_a_script_has_the_terminal(project: Path) -> None:
    script = write(project, "import os; print(os.get_terminal_size(0), os.isatty(0), input())")
    with PseudoTerminal(["record", *python(script)], cwd=project, columns=97, rows=31) as terminal:
        terminal.type("typed\r")
        terminal.wait_for("terminal_size(columns=97, lines=31) True typed")
        assert terminal.wait_for_end() == 0


def test_a_stop_from_the_app_is_a_keyboard_interrupt_after_a_step(project: Path) -> None:
    script = write(
        project,
        f"""{MODEL}
try:
    for number in range(1, 1_000_000):
        step()
        if number == 20: print("training", flush=True)
except KeyboardInterrupt:
    print("checkpoint at", number, flush=True)
""",
    )
    with subprocess.Popen(
        [*PROGRAM, "record", *python(script)], stdout=subprocess.PIPE, text=True, env=child_environment({})
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "training\n"
        (run,) = run_names()
        ask(default_runs_folder() / run, Stop())
        number = int(process.stdout.readline().removeprefix("checkpoint at "))
        assert process.wait(PATIENCE) == 0
    assert (saved(run)[-1]["status"], saved(run)[-1]["steps"]) == ("stopped", number)
