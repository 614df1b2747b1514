"""One run's world, and the only way to a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mlmon import settings as settings_
from mlmon.core.errors import Code, ExitCode, Failure, Interrupted, NotFound, UsageError
from mlmon.core.model import Demo, Service
from mlmon.core.timerange import parse_timeout
from mlmon.monitoring.finding import find
from mlmon.output.terminal import Terminal
from mlmon.settings import AzureWorkspace, Settings

if TYPE_CHECKING:
    from mlmon.azure.memory import ListedNames
    from mlmon.azure.setup import Setup
    from mlmon.azure.workspace import AzureMLWorkspace
    from mlmon.core.ports import EmbeddedWorkspace, Workspace
    from mlmon.local.offered import Names


@dataclass(frozen=True, slots=True)
class World:
    """What a run is given from outside: streams, environment, folder and clock."""

    stdin: TextIO | None
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    cwd: Path
    clock: Callable[[], datetime]
    main: Callable[[Sequence[str], World], int]
    """mlmon itself, for the commands that show other commands at work."""
    exit_code: Callable[[int], int] = int
    """The code a run ends with that would end with this one: another where a signal asked for its end."""


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options every command knows, given before or after its name; None where not given."""

    output: str | None = None
    workspace: str | None = None
    quiet: bool | None = None
    debug: bool | None = None
    no_color: bool | None = None
    tenant: str | None = None
    cloud: str | None = None
    storage_auth: str | None = None
    timeout: str | None = None

    def over(self, other: GlobalOptions) -> GlobalOptions:
        """These options, with the other's where these were not given."""
        return GlobalOptions(
            output=self.output or other.output,
            workspace=self.workspace or other.workspace,
            quiet=self.quiet if self.quiet is not None else other.quiet,
            debug=self.debug if self.debug is not None else other.debug,
            no_color=self.no_color if self.no_color is not None else other.no_color,
            tenant=self.tenant or other.tenant,
            cloud=self.cloud or other.cloud,
            storage_auth=self.storage_auth or other.storage_auth,
            timeout=self.timeout or other.timeout,
        )


@dataclass(slots=True)
class Session:
    """What a command works with. Settings are read when first asked for, a backend when connected."""

    world: World
    options: GlobalOptions
    terminal: Terminal
    _settings: Settings | None = field(default=None)

    @property
    def settings(self) -> Settings:
        """Raises `UsageError` for a settings file that cannot be read."""
        if self._settings is None:
            given = self.options
            self._settings = settings_.load(
                cwd=self.world.cwd,
                environ=self.world.environ,
                workspace=given.workspace,
                flags={name: getattr(given, name) for name in ("tenant", "cloud", "storage_auth", "timeout")},
            )
        return self._settings

    @property
    def now(self) -> datetime:
        """This moment, in UTC."""
        return self.world.clock().astimezone(UTC)

    def path(self, text: str | Path) -> Path:
        """A path as the person wrote it, made absolute from where they stand.

        Raises:
            UsageError: it begins with the home folder of somebody who has none.
        """
        try:
            return self.world.cwd / Path(text).expanduser()
        except RuntimeError:
            name = Path(text).parts[0]
            raise UsageError(
                f"there is no home folder {name}", hint=f"a folder of that name is written ./{name}"
            ) from None

    def read_text(self, source: str) -> str:
        """A file's text, or stdin's for `-`.

        Raises:
            NotFound: no such file.
            UsageError: not UTF-8.
        """
        try:
            if source != "-":
                return self.path(source).read_text("utf-8-sig")
            if self.world.stdin is None:
                raise UsageError("there is no stdin to read", hint="name a file instead of -")
            return self.world.stdin.read()
        except UnicodeDecodeError as error:
            raise UsageError(f"{source} is not UTF-8 text ({error.reason})", hint="save it as UTF-8") from None
        except FileNotFoundError:
            raise NotFound(f"there is no file {source}", hint="name a file, or - for stdin") from None
        except IsADirectoryError:
            raise UsageError(f"{source} is a folder", hint="name a file, or - for stdin") from None

    @property
    def timeout(self) -> timedelta | None:
        """How long one answer, or one operation, is waited for; None leaves each to its own default.

        Raises:
            UsageError: it was given, and is not a duration or none at all.
        """
        said = self.settings.timeout
        return parse_timeout(said.value, origin=said.origin) if said.value else None

    def connect(self) -> Workspace:
        """The workspace that the settings name. Nothing is asked of Azure yet.

        Raises:
            NotFound: none is named anywhere, or the folder is gone.
            DamagedWorkspace: the folder cannot be trusted.
        """
        target = self.settings.require_target()
        return self._azure(target) if isinstance(target, AzureWorkspace) else self.embedded()

    def setup(self, target: AzureWorkspace, *, state: Path) -> Setup:
        """What connects a folder to Azure, signed in as `target` says; `state` is where it is remembered."""
        from mlmon.azure.setup import Setup
        from mlmon.azure.workspace import wire_for

        wire = wire_for(
            target,
            environ=self.world.environ,
            timeout=self.timeout,
            debug=self._debug,
            cloud_origin=self.origin("cloud"),
        )
        return Setup(wire, state=state, clock=self.world.clock)

    def _azure(self, target: AzureWorkspace) -> AzureMLWorkspace:
        from mlmon.azure.workspace import AzureMLWorkspace

        self._debug(f"workspace: {target.name} on Azure (from {self.origin('workspace')})")
        return AzureMLWorkspace.connect(
            target,
            state=self.settings.state,
            environ=self.world.environ,
            timeout=self.timeout,
            clock=self.world.clock,
            debug=self._debug,
            cloud_origin=self.origin("cloud"),
        )

    def _debug(self, message: str) -> None:
        self.terminal.note(message, level="debug")

    def embedded(self) -> EmbeddedWorkspace:
        """The workspace, where only a folder will do.

        Raises:
            NotFound: none is named anywhere, or the folder is gone.
            DamagedWorkspace: the folder cannot be trusted.
            UsageError: it is a workspace on Azure.
        """
        from mlmon.local.workspace import LocalWorkspace

        target = self.settings.require_target()
        if isinstance(target, AzureWorkspace):
            raise UsageError(
                f"the workspace {target.name!r} is on Azure, and this needs an embedded one",
                hint="mlmon --workspace ./FOLDER uses one; mlmon init --local FOLDER makes one",
            )
        self._debug(f"workspace: {target.path} (from {self.origin('workspace')})")
        return LocalWorkspace.open(target.path, clock=self.world.clock)

    def origin(self, name: str) -> str:
        """Who said a setting."""
        return next((setting.origin for setting in self.settings.all() if setting.name == name), "default")

    def create_embedded(self, folder: Path) -> EmbeddedWorkspace:
        """An embedded workspace in this folder, made when it is not there yet."""
        from mlmon.local.workspace import LocalWorkspace

        if (folder / settings_.EMBEDDED).exists():
            return LocalWorkspace.open(folder, clock=self.world.clock)
        return LocalWorkspace.create(folder, name=folder.name or "workspace", clock=self.world.clock)

    def create_demo(self, folder: Path, *, replacing: bool) -> Demo:
        """A demo workspace in this folder; with `replacing`, in the place of a demo that is there.

        Raises:
            UsageError: the folder is there, and is not to be replaced or no demo.
        """
        from mlmon.local.demo import create, days

        today = self.now.date()
        with self.terminal.progress("Making thirteen months of history", total=days(today), unit="days") as bar:
            return create(folder, today=today, on_day=lambda: bar.advance(1), replacing=replacing)

    @property
    def empty_hint(self) -> str:
        """How a workspace without services gets one."""
        if isinstance(self.settings.target, AzureWorkspace):
            return "az ml online-deployment create deploys one; --workspace NAME names another workspace"
        return "mlmon serve score.py --name NAME adds one"

    def service(self, workspace: Workspace, name: str | None) -> Service:
        """The service that was named, else the folder's default, else the only one there is.

        An endpoint alone names its deployment when it has just one.

        Raises:
            NotFound: no such service, or none at all.
            UsageError: several could be meant and there is nobody to ask.
        """
        if name:
            return find(workspace, name)
        if self.settings.service:
            self._debug(f"service: {self.settings.service.value} (from {self.origin('service')})")
            return find(workspace, self.settings.service.value)
        services = workspace.services.list()
        if not services:
            raise NotFound(
                f"the workspace {workspace.name} has no services",
                hint=self.empty_hint,
                code=Code.NO_SERVICES,
            )
        if len(services) == 1:
            return services[0]
        names = [str(service.name) for service in services]
        if not self.terminal.can_ask:
            raise UsageError(
                f"which service? there are {len(names)}: {', '.join(names)}", hint=f"name one, or: mlmon use {names[0]}"
            )
        return find(workspace, self.terminal.choose("Which service?", names))

    def rehearse(self, argv: Sequence[str], *, cwd: Path) -> None:
        """Run another mlmon command in a folder, for people to read, on this session's streams.

        Raises:
            Interrupted: after Ctrl-C.
            Failure: it failed, and has said why.
        """
        # a variable must not turn the command to another workspace than the folder's own
        environ = {name: value for name, value in self.world.environ.items() if not name.startswith("MLMON_")}
        flags = ["--quiet"] * self.terminal.quiet + ["--no-color"] * bool(self.options.no_color)
        world = replace(self.world, cwd=cwd, environ={**environ, "MLMON_OUTPUT": "table"})
        code = self.world.main([*flags, *argv], world)
        if code == ExitCode.INTERRUPTED:
            raise Interrupted("the walk through the demo was interrupted")
        if code != ExitCode.DONE:
            raise Failure(f"mlmon {argv[0]} ended with exit code {code}", hint="the lines above say why")


def names_in(chosen: Settings, *, environ: Mapping[str, str]) -> Names | ListedNames | None:
    """The names in the workspace that is chosen, for completion, which has no time to connect; None without one."""
    if isinstance(chosen.target, AzureWorkspace):
        from mlmon.azure.memory import ListedNames, memory_of

        return ListedNames(memory_of(chosen.target, state=chosen.state, environ=environ))
    from mlmon.local.offered import Names

    return Names(chosen.target.path) if chosen.target else None
