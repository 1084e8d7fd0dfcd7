"""The process between a sweep and a Ray cluster: tasks come in as lines, reports go out.

Ray ends the process that uses it when its cluster is lost, takes its signals and prints on its terminal. So
this process does it, and the one that leads the sweep only reads lines.
"""

import json
import os
import queue
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.data import carried
from engine.data.fashion_mnist import DataError, find_source, fingerprint_of
from engine.sweeps.arrivals import place, remove_unfinished
from engine.sweeps.folder import Means
from tui_vanish.jobs.children import protect_workers
from tui_vanish.jobs.telling import say
from tui_vanish.sweeps import ray_node
from tui_vanish.sweeps.tasks import Report, Task
from vanish_recorder.protocol.failures import reason_of

_PATIENCE = 15.0  # seconds for the nodes to stop
_GLANCE = 0.5
_TELL_SECONDS = 30.0  # without a free node
_MOST_TRIES = 3  # to start on a node


class CannotTrain(Exception):
    """No run can be trained in this cluster. The text says why."""


class Driver:
    """Trains tasks on the nodes.

    Args:
        folder: of the sweep.
        means: with what to train.
        address: of the cluster; empty for the one that runs here, or else a new one on this machine.
        jobs: how many runs train at the same time; None for as many as there is room for.
        per_gpu: how many runs share a GPU.
        out: gets a line for each report.
    """

    def __init__(
        self, folder: Path, means: Means, address: str, jobs: int | None, per_gpu: int, out: int
    ) -> None:
        self._folder, self._means, self._address = folder, means, address
        self._jobs, self._per_gpu, self._out = jobs, per_gpu, out
        self._lock = threading.Lock()
        self._tasks: queue.Queue[Task | None] = queue.Queue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._nodes: dict[int, Any] = {}  # handles of actors
        self._device, self._slots = "cpu", 1

    def run(self, source: int) -> None:
        """Train until the input ends."""
        import ray

        try:
            self._connect()
            self._share_data()
        except CannotTrain as error:
            self._write({"problem": str(error)})
            return
        remove_unfinished(self._folder)
        self._write({"slots": self._slots})
        with open(source, "rb") as lines:
            for line in lines:
                self._tasks.put(Task.from_line(line))
                if len(self._threads) < self._slots:
                    self._begin()
        self._end()
        ray.shutdown()

    def _connect(self) -> None:
        import ray

        options: dict[str, Any] = {
            "log_to_driver": False,
            "configure_logging": False,
            "runtime_env": {"env_vars": {"PYTHONSAFEPATH": "1"}},
        }
        try:
            ray.init(address=self._address or "auto", **options)
        except Exception as error:
            if self._address or not isinstance(error, ConnectionError):
                which = f"Ray cluster {self._address}" if self._address else "Ray cluster that runs here"
                raise CannotTrain(f"the {which} cannot be reached: {_first_line(error)}") from None
            self._say("no Ray cluster runs here: starting one on this machine")
            ray.init(address="local", include_dashboard=False, **options)
        ray.cloudpickle.register_pickle_by_value(ray_node)
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        gpus = sum(int(each.get("GPU", 0)) for each in machines)
        if self._means.device == "cuda" and not gpus:
            raise CannotTrain("the Ray cluster has no GPU: use a sweep with --device cpu")
        self._device = "cuda" if gpus and self._means.device != "cpu" else "cpu"
        room = sum(self._room(each) for each in machines)
        if not room:
            raise CannotTrain(f"no node of the Ray cluster has {self._means.threads} CPUs")
        self._slots = min(self._jobs or room, room)
        nodes = "1 node" if len(machines) == 1 else f"{len(machines)} nodes"
        on = "GPUs" if self._device == "cuda" else "CPUs"
        self._say(f"Ray cluster with {nodes}, and room for {room} runs on its {on}")

    def _room(self, resources: dict[str, float]) -> int:
        """How many runs a machine has room for."""
        by_cpu = int(resources.get("CPU", 0)) // self._means.threads
        return min(by_cpu, int(resources.get("GPU", 0)) * self._per_gpu) if self._device == "cuda" else by_cpu

    def _share_data(self) -> None:
        import ray

        try:
            source = find_source(Path(self._means.data) if self._means.data else None)
            sha256 = fingerprint_of(source)
            self._carried = carried.to_record(source, sha256)
            self._files = ray.put(carried.packed(source))
        except DataError as error:
            raise CannotTrain(str(error)) from None
        except OSError as error:
            raise CannotTrain(f"{error.filename}: {error.strerror}") from None

    def _begin(self) -> None:
        number = len(self._threads)
        thread = threading.Thread(target=self._work, args=(number,), name=f"slot {number}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _end(self) -> None:
        """Stop every node, and wait for a while."""
        import ray

        self._stopping.set()
        with suppress(queue.Empty):
            while True:
                self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)
        nodes = list(self._nodes.values())
        stopped = [node.stop.remote() for node in nodes]
        if stopped:
            ray.wait(stopped, num_returns=len(stopped), timeout=_PATIENCE)
        for thread in self._threads:
            thread.join(_GLANCE)
        for node in nodes:
            ray.kill(node)

    def _work(self, number: int) -> None:
        """Train on one node after the other: the next one if a node is lost."""
        try:
            while (node := self._ready_node(number)) is not None:
                while (task := self._tasks.get()) is not None and self._train(node, task):
                    pass
        except CannotTrain as error:
            self._report(Report(0, "gone", problem=str(error)))
        except Exception as error:  # the sweep must hear of it
            self._report(Report(0, "gone", problem=f"Ray fails: {_first_line(error)}"))

    def _ready_node(self, number: int) -> Any:
        """A node that can train; None if the sweep is stopped.

        Raises:
            CannotTrain: none can.
        """
        import ray

        for failed in range(_MOST_TRIES):
            if self._stopping.is_set():
                return None
            self._nodes[number] = node = self._start_node()
            try:
                return node if self._is_ready(node) else None
            except ray.exceptions.RayError as error:
                if failed == _MOST_TRIES - 1:
                    raise CannotTrain(f"no node of the Ray cluster can train: {_first_line(error)}") from None
        return None

    def _start_node(self) -> Any:
        import ray

        share = 1 / self._per_gpu if self._device == "cuda" else 0
        actor = ray.remote(ray_node.Node)
        return actor.options(num_cpus=self._means.threads, num_gpus=share, max_concurrency=2).remote()

    def _is_ready(self, node: Any) -> bool:
        """Wait for a free node, and prepare it; False if the sweep is stopped meanwhile.

        Raises:
            CannotTrain: it has other versions, or cannot be prepared.
        """
        about = self._got(node.about.remote(), waiting=True)
        if about is None:
            return False
        name, there = about
        if problem := differs(name, there, ray_node.versions()):
            raise CannotTrain(problem)
        means = self._means.to_record()
        problem = self._got(node.prepare.remote(means, self._device, self._carried, [self._files]))
        if problem:
            raise CannotTrain(f"{name}: {problem}")
        return problem is not None

    def _got(self, answer: Any, *, waiting: bool = False) -> Any:
        """An answer of a node; None if the sweep is stopped first."""
        import ray

        waited = 0.0
        while not self._stopping.is_set():
            if ray.wait([answer], timeout=_GLANCE)[0]:
                return ray.get(answer)
            waited += _GLANCE
            if waiting and waited == _TELL_SECONDS:
                self._say("waiting for a free node of the Ray cluster")
        return None

    def _train(self, node: Any, task: Task) -> bool:
        """Train a run; False if the node is lost."""
        import ray

        files: dict[str, bytes] = {}
        try:
            for answer in node.train.options(num_returns="streaming").remote(task.to_line()):
                part = ray.get(answer)
                if isinstance(part, dict):
                    files = part
                    continue
                report = Report.from_line(part)
                self._report(report if report.kind != "ended" else self._kept(task, files, report))
        except ray.exceptions.RayError as error:
            say(str(error), error=True)
            ray.kill(node)  # it may only have been out of reach for a moment
            self._report(Report(task.number, "lost", problem="its node is gone"))
            return False
        return True

    def _kept(self, task: Task, files: dict[str, bytes], report: Report) -> Report:
        """Keep the folder of a run that has ended; returns what the sweep hears of it."""
        if not files:  # it was stopped, or could not begin
            return report
        try:
            place(self._folder, task.run, files)
        except OSError as error:
            return replace(report, problem=reason_of(error))
        return report

    def _report(self, report: Report) -> None:
        self._write(report.to_record())

    def _say(self, text: str) -> None:
        self._report(Report(0, "said", problem=text))

    def _write(self, record: dict[str, Any]) -> None:
        line = json.dumps(record).encode() + b"\n"
        with self._lock, suppress(BrokenPipeError):  # the leading process is gone: the input ends, too
            while line:
                line = line[os.write(self._out, line) :]


def differs(name: str, there: dict[str, str], here: dict[str, str]) -> str:
    """What is wrong with the versions on a node; empty if nothing is."""
    for package, version in here.items():
        if there[package] != version:
            found = f"{package} {there[package]}" if there[package] else f"no {package}"
            return f"{name} has {found}: install {package} {version} there, as it is here"
    return ""


def _first_line(error: BaseException) -> str:
    """What Ray says about an error, without the traces that follow."""
    cause = getattr(error, "cause", None)
    text = str(cause if isinstance(cause, BaseException) else error).strip()
    return text.splitlines()[0].rstrip(".:") if text else type(error).__name__


def main(words: list[str]) -> None:
    """Train what comes in on standard input. The word is JSON: folder, means, address, jobs and per_gpu."""
    out = os.dup(1)
    os.dup2(2, 1)  # what Ray prints must not be taken for a report
    given = json.loads(words[0])
    # Ray's workers import from the working folder and inherit PYTHONPATH.
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(os.path.abspath(place) for place in places if place)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    protect_workers()
    os.chdir(given["folder"])
    folder, means = Path(given["folder"]), Means.from_record(given["means"])
    Driver(folder, means, given["address"], given["jobs"], given["per_gpu"], out).run(0)


if __name__ == "__main__":
    main(sys.argv[1:])
