"""A scoring script, loaded and run in surroundings of its own: modules, paths, environment, standard output."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Final

from mlmon.core.errors import Failure
from mlmon.local.runtime.streams import Streams, redirected

# the surroundings of a script are the process's own, so one script runs at a time
_RUNNING: Final = threading.RLock()
_NUMBERS: Final = count(1)
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
_STANDARD_LIBRARY: Final = Path(os.__file__).parent


class ScriptFailed(Exception):
    """A script raised; the cause is what it raised."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(type(cause).__name__))
        self.cause = cause


class Script:
    """One script with its `init()` and `run(raw_data)`.

    The script is a module of a package of its own, so that relative imports work; modules beside
    it are imported anew for each script, so that two services may each have their own `helper.py`.
    """

    def __init__(
        self,
        path: Path,
        *,
        modules: Mapping[str, ModuleType],
        environment: Mapping[str, str],
        streams: Streams,
    ) -> None:
        self._path = path
        self._package = f"mlmon_service_{next(_NUMBERS)}"
        self._modules: dict[str, ModuleType] = dict(modules)
        self._environment = environment
        self._streams = streams
        self._run: Callable[[str], object] | None = None

    def init(self) -> None:
        """Load the script and call its `init()`.

        Raises:
            Failure: it is not there, or has no `init` or `run`.
            ScriptFailed: it raised.
        """
        with self._surroundings(), _failures():
            module = self._loaded()
            init, run = getattr(module, "init", None), getattr(module, "run", None)
            if not callable(init) or not callable(run):
                missing = "run(raw_data)" if callable(init) else "init()"
                raise Failure(
                    f"{self._path} has no function {missing}",
                    hint="a scoring script defines init() and run(raw_data)",
                )
            init()
            self._run = run

    def run(self, raw_data: str) -> object:
        """Call the script's `run`.

        Raises:
            ScriptFailed: it raised.
        """
        if self._run is None:
            raise RuntimeError("init() comes before run()")
        with self._surroundings(), _failures():
            return self._run(raw_data)

    def _loaded(self) -> ModuleType:
        if not self._path.is_file():
            raise Failure(f"the scoring script {self._path} is not there", hint="correct its path in workspace.toml")
        package = ModuleType(self._package)
        package.__path__ = [str(self._path.parent)]
        name = f"{self._package}.{self._path.stem}"
        spec = importlib.util.spec_from_file_location(name, self._path)
        if spec is None or spec.loader is None:
            raise Failure(f"{self._path} is not a Python script", hint="its name ends in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules.update({self._package: package, name: module})
        spec.loader.exec_module(module)
        return module

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        folder = str(self._path.parent)
        with _RUNNING, _modules(self._modules, self._own), _environment(self._environment):
            sys.path.insert(0, folder)
            writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
            try:
                with redirected(self._streams):
                    yield
            finally:
                sys.dont_write_bytecode = writes_bytecode
                if folder in sys.path:
                    sys.path.remove(folder)

    def _own(self, name: str, module: ModuleType) -> bool:
        """Whether a module imported meanwhile belongs to this script alone, and not to the whole process."""
        if name.partition(".")[0] == self._package:
            return True
        file = getattr(module, "__file__", None)
        if not file or not Path(file).is_relative_to(self._path.parent):
            return False
        installed = _INSTALLED.intersection(Path(file).relative_to(self._path.parent).parts)
        return not installed and not Path(file).is_relative_to(_STANDARD_LIBRARY)


@contextmanager
def _failures() -> Iterator[None]:
    """Whatever a script raises is its failure, `sys.exit()` too; only Ctrl-C and our own errors are not."""
    try:
        yield
    except Failure:
        raise
    except BaseException as error:
        # Ctrl-C reaches the main thread alone: in a server's thread the script itself raised it
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        raise ScriptFailed(error) from error


@contextmanager
def _modules(supplied: dict[str, ModuleType], own: Callable[[str, ModuleType], bool]) -> Iterator[None]:
    """Put the script's modules in place, and afterwards what was there before.

    What the script newly imported of its own joins `supplied`.
    """
    hidden = {name: sys.modules[name] for name in supplied if name in sys.modules}
    sys.modules.update(supplied)
    known = set(sys.modules)
    try:
        yield
    finally:
        if len(sys.modules) != len(known):
            fresh = {name: module for name, module in list(sys.modules.items()) if name not in known}
            supplied.update({name: module for name, module in fresh.items() if own(name, module)})
        for name in supplied:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
