"""The embedded workspace: a folder that anyone can look into."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from mlmon.core.errors import Failure, MlmonError, NotFound, UsageError
from mlmon.core.model import Generation, Json, PageKind, Service, ServiceName
from mlmon.core.ports import Jobs, LocalServer
from mlmon.local.blobs import BlobFolders, LocalBlobs
from mlmon.local.definition import FILE_NAME, Definition
from mlmon.local.definition_file import DefinitionFile
from mlmon.local.logs import LocalLogs
from mlmon.local.runtime.world import World, real_random, utc_now
from mlmon.local.services import LocalServices
from mlmon.local.store import Store
from mlmon.local.telemetry import LocalTelemetry, TelemetryFiles
from mlmon.monitoring.planning import USUAL_COLLECTIONS

if TYPE_CHECKING:
    from mlmon.local.scoring import LocalScoring


class LocalWorkspace:
    """`core.ports.EmbeddedWorkspace`: services, logs, telemetry and blobs in one folder.

    Layout::

        workspace.toml                          services and their switches
        logs/<service>/<container>.log          what the containers wrote
        telemetry/<table>/<yyyy-mm-dd>.jsonl    Application Insights rows, classic columns
        blobs/<container>/<blob name>           collected model data, as Azure's collectors write it
    """

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self._world = world
        self._store = Store(folder)
        self._file = DefinitionFile(self._store)
        self._telemetry_files = TelemetryFiles(self._store, world.clock)
        self._blob_folders = BlobFolders(self._store)
        self.services = LocalServices(self._file)
        self.logs = LocalLogs(self._store, self._file)
        self.telemetry = LocalTelemetry(self._telemetry_files, world.clock)
        self.blobs = LocalBlobs(self._store, self._file, self._blob_folders)

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        name: str,
        subscription: str = "00000000-0000-0000-0000-000000000000",
        resource_group: str = "local",
        clock: Callable[[], datetime] = utc_now,
        ids: Callable[[], UUID] = uuid4,
        random: Callable[[], float] = real_random,
    ) -> LocalWorkspace:
        """Make a workspace without services in a folder, which is made too when it is not there.

        Raises:
            UsageError: the folder is a file, holds a workspace already, or a name cannot be one.
            MlmonError: it cannot be written.
        """
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file", hint="choose a folder")
        if (folder / FILE_NAME).exists():
            raise UsageError(f"{folder} holds a workspace already", hint="use it with --workspace, or choose another")
        for text in (name, subscription, resource_group):
            if not text or any(mark in text for mark in "/\\") or not text.isprintable():
                raise UsageError(f"{text!r} cannot be a workspace's name", hint="leave out slashes and line breaks")
        _make(folder)
        workspace = cls(folder.resolve(), World(clock, ids, random))
        definition = Definition(
            name=name, id=ids(), subscription=subscription, resource_group=resource_group, services={}
        )
        workspace._file.create(definition)
        return workspace

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Callable[[], datetime] = utc_now,
        ids: Callable[[], UUID] = uuid4,
        random: Callable[[], float] = real_random,
    ) -> LocalWorkspace:
        """The workspace in a folder.

        Raises:
            NotFound: the folder holds none.
            DamagedWorkspace: its `workspace.toml` cannot be trusted; it is left as it was.
        """
        workspace = cls(folder.resolve(), World(clock, ids, random))
        workspace._file.load()
        return workspace

    @property
    def name(self) -> str:
        return str(self.folder)

    @property
    def title(self) -> str:
        """The name that stands in `workspace.toml`, and in the paths of v1 blobs."""
        return self._file.load().name

    @cached_property
    def scoring(self) -> LocalScoring:
        from mlmon.local.scoring import LocalScoring  # the runtime, which only scoring needs

        return LocalScoring(
            store=self._store,
            file=self._file,
            files=self._telemetry_files,
            blobs=self._blob_folders,
            world=self._world,
        )

    @property
    def jobs(self) -> Jobs:
        raise UsageError(
            "an embedded workspace has no machines to run a job on", hint="--engine spark reads it with this machine's"
        )

    def page(self, kind: PageKind, service: ServiceName | None = None) -> str:  # noqa: ARG002 - they share one folder
        """The folder of collected data; there is no other page."""
        if kind is not PageKind.STORAGE:
            raise NotFound(
                "an embedded workspace is a folder, and has no page in a portal",
                hint="mlmon open --storage shows its collected data",
            )
        blobs = self.folder / "blobs"
        return (blobs if blobs.is_dir() else self.folder).as_uri()

    def register(
        self,
        name: ServiceName,
        *,
        script: Path,
        model: Path | None = None,
        model_name: str | None = None,
        model_version: str | None = None,
        features: Sequence[str] | None = None,
        column_generation: int | None = None,
    ) -> Service:
        """Add a service, or give one that is there another script; its switches stay, and a new one's are on.

        What is None stays as it is. Paths inside the folder are written relative to it.

        Raises:
            NotFound: the script or the model is not there.
        """
        fields: dict[str, Json] = {"script": self._written(script, "scoring script")}
        if model is not None:
            fields["model"] = self._written(model, "model")
        given: dict[str, Json] = {
            "model_name": model_name,
            "model_version": model_version,
            "features": None if features is None else list(features),
            "column_generation": column_generation,
        }
        fields |= {key: value for key, value in given.items() if value is not None}
        with self._file.locked():
            if name not in self._file.load().services:
                fields |= _all_on(name)
            self._file.write_fields(name, fields)
            return self.services.get(name)

    def serve(self, script: Path, *, name: ServiceName, port: int, model: Path | None) -> LocalServer:
        """Register the script and open a port for it on 127.0.0.1 (0: any free one).

        Raises:
            NotFound: the script or the model is not there.
            Failure: the script's `init()` failed, or the port cannot be opened.
        """
        before = self._file.load().services.get(name)
        self.register(name, script=script, model=model)
        try:
            return self.scoring.serve(name, port=port)
        except MlmonError:
            # nothing stays of what never came up
            with self._file.locked():
                if before is None:
                    self._file.remove(name)
                else:
                    self._file.write_fields(name, {"script": before.script, "model": before.model or None})
            raise

    @contextmanager
    def batched(self) -> Iterator[None]:
        """Write what is scored in this block together at its end: for making much history at once."""
        with self._store.buffered():
            yield

    def _written(self, path: Path, what: str) -> str:
        """A path as `workspace.toml` has it: with slashes, relative when it stands inside the folder."""
        if not path.exists():
            raise NotFound(f"the {what} {path} is not there", hint="check its path")
        full = path.resolve()
        return (full.relative_to(self.folder) if full.is_relative_to(self.folder) else full).as_posix()


def _all_on(name: ServiceName) -> dict[str, Json]:
    switches: dict[str, Json] = {"insights": True}
    if name.generation is Generation.V1:
        return switches | {"collection": True}
    return switches | {f"collections.{each}.enabled": True for each in USUAL_COLLECTIONS}


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(
            f"{folder} cannot be made: {error.strerror or os.strerror(error.errno or 0)}",
            hint="choose a folder you may write to",
        ) from error
