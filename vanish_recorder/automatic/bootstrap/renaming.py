"""Imports the recorder under another name, where a script's folder has a module of its name."""

import ast
import os
import re
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType


class Renaming:
    """Finds the modules of one package under another name.

    Args:
        folder: of the package.
        name: of the package, as its sources have it.
        new_name: under which it is imported.
    """

    def __init__(self, folder: str, name: str, new_name: str) -> None:
        self._folder, self._name, self._new_name = folder, name, new_name

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the renamed package; None for any other."""
        package, *inner = name.split(".")
        if package != self._new_name:
            return None
        place = os.path.join(self._folder, *inner)
        is_package = os.path.isdir(place)
        file = os.path.join(place, "__init__.py") if is_package else f"{place}.py"
        if not os.path.exists(file):
            return None
        return spec_from_file_location(
            name,
            file,
            loader=_Loader(name, file, self._name, self._new_name),
            submodule_search_locations=[place] if is_package else None,
        )


class _Loader(SourceFileLoader):
    """Compiles a source with the package renamed in its imports. It keeps no compiled file."""

    def __init__(self, module: str, path: str, name: str, new_name: str) -> None:
        super().__init__(module, path)
        self._renames = _Renames(name, new_name)

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = self._renames.visit(ast.parse(self.get_data(path), path))
        code: CodeType = compile(tree, path, "exec", dont_inherit=True)
        return code


class _Renames(ast.NodeTransformer):
    def __init__(self, name: str, new_name: str) -> None:
        self._named = re.compile(rf"{re.escape(name)}(?=\.[\w.]+$|$)")
        self._new_name = new_name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        node.module = self._named.sub(self._new_name, node.module or "", count=1)
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        for alias in node.names:
            assert alias.asname or not self._named.match(alias.name), "its first name would be unknown"
            alias.name = self._named.sub(self._new_name, alias.name, count=1)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """A name that is given to `import_module`."""
        if isinstance(node.value, str) and self._named.match(node.value):
            return ast.copy_location(ast.Constant(self._named.sub(self._new_name, node.value, count=1)), node)
        return node
