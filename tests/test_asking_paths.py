"""How the sources ask the file system."""

import ast
from itertools import chain

from tests.test_architecture import PACKAGES, module_name, sources

RAISE = {"exists", "is_dir", "is_file", "is_symlink", "glob", "rglob", "iterdir"}


def test_nothing_asks_a_path_in_a_way_that_can_raise() -> None:
    """`Path.exists` raises without permission and for a long name; `os.path.exists` says False.

    `Path.glob` raises as well; `os.listdir` has its errors where it is called.
    """
    asked = [
        f"{module_name(path)}:{node.lineno}"
        for path in chain.from_iterable(map(sources, PACKAGES))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in RAISE
        and ast.unparse(node.func.value) != "os.path"
    ]
    assert asked == []
