"""A Ray cluster of two nodes on this machine, each with one CPU, in processes that a test can kill."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Without tokens, whose file would lie in the user's home.
ENVIRONMENT = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}


class RayNodes:
    """Commands to the process that holds the cluster."""

    def __init__(self, process: "subprocess.Popen[str]", temporary: Path) -> None:
        self._process, self.temporary = process, temporary
        self.address = self._answer()

    def kill(self, node: str) -> None:
        """Kill all processes of a node: `head` or `second`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{node}\n")
        self._process.stdin.flush()
        assert self._answer() == "killed"

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "answer":
                return rest
        raise AssertionError("the cluster has ended")


@contextmanager
def ray_nodes(temporary: Path) -> Iterator[RayNodes]:
    """A cluster, which is gone at the end; its temporary files lie in a folder."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.ray_nodes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **ENVIRONMENT, "TMPDIR": str(temporary)},
    ) as process:
        try:
            yield RayNodes(process, temporary)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def main() -> None:
    """Hold the cluster until the input ends."""
    from ray.cluster_utils import Cluster

    options: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=options)
    second = cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    print(f"answer {cluster.address}", flush=True)
    for line in sys.stdin:
        node = second if line.strip() == "second" else cluster.head_node
        node.kill_all_processes(check_alive=False, allow_graceful=False)  # again does nothing
        print("answer killed", flush=True)
    for node in (second, cluster.head_node):
        node.kill_all_processes(check_alive=False, allow_graceful=False)


if __name__ == "__main__":
    main()
