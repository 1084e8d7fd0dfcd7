"""The way into a Python program that runs under `vanish-tui record`: Python imports this file as it starts.

`record` puts this folder at the front of PYTHONPATH. The programs that the script starts inherit it, so
that workers of `torchrun` are recorded too. The folder leaves `sys.path` at once, and a sitecustomize of
the user's own is imported in place of this one. Until torch is imported nothing else happens, and until an
optimizer makes a step nothing of the recorder is loaded.

Older versions of Python than the recorder's read this file too. It imports only what Python itself has
loaded at this point.
"""

import os
import sys

TYPE_CHECKING = False  # that of `typing` would have to be imported
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

SESSION = "VANISH_TUI_RECORD"  # the number of the first process, and the file of the report
OPTIONS = "VANISH_TUI_RECORD_OPTIONS"  # as JSON: what `watch` is told
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PACKAGE, RENAMED = "vanish_recorder", "_vanish_tui_recorder"
_OPTIMIZERS = "torch.optim.optimizer"


def start() -> None:
    """Wait for torch, and import the user's own sitecustomize."""
    sys.path[:] = [entry for entry in sys.path if entry != HERE]
    sys.path_importer_cache.pop(HERE, None)
    session = os.environ.get(SESSION, "")
    if session and sys.version_info >= (3, 11):
        _await_torch(Session(session))
    elif session:
        note(session.partition(" ")[2], "old", "%d.%d" % sys.version_info[:2])  # noqa: UP031
    sys.modules.pop("sitecustomize", None)
    # Without one, this raises the ImportError that Python expects.
    import sitecustomize  # type: ignore[import-not-found] # noqa: F401


def note(report: str, what: str, detail: str = "") -> None:
    """Add a line to the report, which all processes of the command share. Never raises."""
    try:
        file = os.open(report, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(file, (what + " " + " ".join(detail.split()) + "\n").encode("utf-8", "replace"))
        finally:
            os.close(file)
    except OSError:  # the first process has ended
        pass


class Session:
    """What this process knows of the command that is recorded.

    Args:
        text: of the variable SESSION.
    """

    def __init__(self, text: str) -> None:
        self._first, _, self.report = text.partition(" ")
        self.pid = os.getpid()
        self.discovery: Any = None
        self._is_over = False
        self._exit = os._exit

    @property
    def is_first(self) -> bool:
        """Whether `record` became this process, and no other one is responsible for the last line."""
        return self._first == str(os.getpid())

    def note(self, what: str, detail: str = "") -> None:
        """Add a line to the report."""
        note(self.report, what, detail)

    def end_with_last_words(self) -> None:
        """Say at the end of this process what is left to say, also if it ends by `os._exit`."""
        import atexit

        atexit.register(self.end)
        os._exit = self._exit_after_last_words

    def end(self) -> None:
        """The first process says if nothing was recorded."""
        if self._is_over or not self.is_first:
            return
        self._is_over = True
        try:
            path = os.path.join(ROOT, PACKAGE, "automatic", "report.py")
            with open(path, encoding="utf-8") as file:
                source: dict[str, Any] = {}
                exec(compile(file.read(), path, "exec"), source)  # why no import: see there
            source["tell_in"](self.report)
        except Exception as error:
            self.note("trouble", repr(error))

    def _exit_after_last_words(self, status: int) -> "Any":
        """Python calls no function at exit after `os._exit`, so the runs are closed here."""
        try:
            if self.discovery is not None:
                self.discovery.close()
        except Exception as error:
            self.note("trouble", repr(error))
        self.end()
        self._exit(status)


def _await_torch(session: Session) -> None:
    """Register a hook for all optimizers as soon as torch has defined them."""
    session.note("python")
    if session.is_first:
        session.end_with_last_words()
    sys.meta_path.insert(0, _Awaiting(session))


class _Awaiting:
    """Finds the module of torch's optimizers as Python does, and is told when it was executed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Find the one module that is awaited; None for any other."""
        if name != _OPTIMIZERS:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find and finder is not self else None
            if spec is not None:
                self._await(spec.loader)
                return spec
        return None

    def _await(self, loader: "Any") -> None:
        execute = loader.exec_module

        def exec_module(module: "ModuleType") -> None:
            del loader.exec_module
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            try:
                Optimizers(self._session, module)
            except Exception as error:
                self._session.note("trouble", repr(error))

        loader.exec_module = exec_module


class Optimizers:
    """Sees every step of every optimizer, and loads the recorder at the first one.

    Args:
        session: of this process.
        module: torch.optim.optimizer.
    """

    def __init__(self, session: Session, module: "Any") -> None:
        from weakref import WeakSet

        self._session = session
        self._known: Any = WeakSet()
        session.note("torch")
        module.register_optimizer_step_pre_hook(self._before_step)

    def _before_step(self, optimizer: "Any", arguments: "Any", keywords: "Any") -> None:
        if optimizer in self._known:
            return
        self._known.add(optimizer)
        # The hooks of all optimizers cannot be added to while they are being called. Those of this one are
        # called next.
        optimizer.register_step_pre_hook(_Once(self._session).discover)

    _before_step._torchdynamo_disable = True  # type: ignore[attr-defined]  # a compiled step is left for it


class _Once:
    """Is called before the first step of an optimizer, and leaves no trace in it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def discover(self, optimizer: "Any", arguments: "Any", keywords: "Any") -> None:
        """Record the models whose parameters this optimizer steps."""
        hooks = optimizer._optimizer_step_pre_hooks
        for key in [key for key, hook in hooks.items() if getattr(hook, "__self__", None) is self]:
            del hooks[key]  # the last one, so the loop over them does not notice
        session = self._session
        try:
            if session.discovery is None or session.pid != os.getpid():  # a forked process trains
                session.pid = os.getpid()
                session.discovery = load("automatic.discovery").Discovery(session.note)
                session.end_with_last_words()
            session.discovery.discover(optimizer, arguments, keywords)
        except Exception as error:
            session.note("trouble", repr(error))


def load(name: str) -> "Any":
    """Import a module of the recorder from beside this file, whatever the script's folder holds.

    Args:
        name: without the package's, such as `automatic.report`.
    """
    from importlib import import_module
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec, spec_from_file_location

    folder = os.path.join(ROOT, PACKAGE)
    present = sys.modules.get(PACKAGE)
    if present is None and RENAMED not in sys.modules:
        found = PathFinder.find_spec(PACKAGE)
        is_free = found is None or _is_recorder(found.submodule_search_locations)
    else:
        is_free = present is not None and _is_recorder(getattr(present, "__path__", None))
    if not is_free:
        return _renamed(folder, name)
    if present is None:
        spec = spec_from_file_location(
            PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[PACKAGE] = module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return import_module(PACKAGE + "." + name)


def _is_recorder(places: "Any") -> bool:
    """Whether a package of the recorder's name is the recorder: this copy, or an installed one."""
    inside = os.path.join("automatic", "bootstrap", "sitecustomize.py")
    return any(os.path.exists(os.path.join(place, inside)) for place in places or ())


def _renamed(folder: str, name: str) -> "Any":
    """The same under another name, because the script's folder has a `vanish_recorder` of its own."""
    from importlib import import_module
    from importlib.util import module_from_spec, spec_from_file_location

    if RENAMED not in sys.modules:
        path = os.path.join(folder, "automatic", "bootstrap", "renaming.py")
        spec = spec_from_file_location(RENAMED + "_renaming", path)
        assert spec is not None
        assert spec.loader is not None
        renaming = module_from_spec(spec)
        spec.loader.exec_module(renaming)
        sys.meta_path.insert(0, renaming.Renaming(folder, PACKAGE, RENAMED))
    return import_module(RENAMED + "." + name)


if __name__ == "sitecustomize":
    start()
