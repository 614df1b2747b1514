"""One service, loaded and ready to score: what its container is on Azure."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TextIO, cast
from uuid import uuid5

from mlmon.core.errors import Code, Failure
from mlmon.core.model import Generation, ServiceName
from mlmon.local.blobs import BlobFolders, v2_container
from mlmon.local.definition import Definition
from mlmon.local.definition_file import DefinitionFile
from mlmon.local.logs import CONTAINERS, log_path
from mlmon.local.runtime import auto_collection, failure, shims, v2_collector
from mlmon.local.runtime.call import NO_REQUEST, Answer, Call, Caller
from mlmon.local.runtime.output import Printed
from mlmon.local.runtime.rows import Origin, TelemetryRows
from mlmon.local.runtime.script import Script, ScriptFailed
from mlmon.local.runtime.servers import server_style
from mlmon.local.runtime.streams import Streams
from mlmon.local.runtime.text import storable
from mlmon.local.runtime.v1_collector import V1Context
from mlmon.local.runtime.world import World
from mlmon.local.store import Store
from mlmon.local.telemetry import TelemetryFiles


class ServiceHost:
    """Loads a service's script once and scores calls one at a time, as a one-worker container does.

    The switches are looked up for every call, so that switching acts at once.
    """

    def __init__(
        self,
        name: ServiceName,
        *,
        store: Store,
        file: DefinitionFile,
        files: TelemetryFiles,
        blobs: BlobFolders,
        world: World,
    ) -> None:
        self.name = name
        self._store = store
        self._file = file
        self._blobs = blobs
        self._world = world
        definition = file.load()
        entry = definition.entry(name)
        self._instance = str(uuid5(definition.id, str(name)))
        self._log_file = log_path(store.folder, name, CONTAINERS[name.generation][0])
        sdk = "py_azureml:v1" if name.generation is Generation.V1 else "py_azmlinfsrv:1.5.1"
        rows = TelemetryRows(files, world, Origin(name, definition.name, self._instance), sdk)
        self._style = server_style(name.generation, rows)
        self._printed = Printed(self._take_printed)
        self._complained = Printed(self._take_complained)
        self._script_path = _inside(store.folder, entry.script)
        self._model = _inside(store.folder, entry.model) if entry.model else None
        self._script = Script(
            self._script_path,
            modules=shims.modules(self, self._model_path),
            environment={"AZUREML_MODEL_DIR": str((self._model or self._script_path).parent)},
            streams=Streams(cast("TextIO", self._printed), cast("TextIO", self._complained)),
        )
        self._lock = threading.RLock()
        self._entry = entry
        self._definition = definition
        self._call: Call | None = None
        self._thread = 0  # the one that scores the call
        self._collects_itself = False
        self._stamp = self._stamps()

    @property
    def stale(self) -> bool:
        """Whether the script or the model is another one than was loaded."""
        entry = self._file.load().entry(self.name)
        paths = (entry.script, entry.model, entry.model_name)
        return paths != (self._entry.script, self._entry.model, self._entry.model_name) or self._stamp != self._stamps()

    def load(self) -> None:
        """Run the script's `init()`.

        Raises:
            Failure: it is no scoring script, or it raised; the container log has the traceback.
        """
        with self._lock:
            self._log(self._style.note(self._world.clock(), "Invoking user's init function"))
            try:
                self._script.init()
            except ScriptFailed as failed:
                self._failed(failed.cause, None)
                kind = type(failed.cause).__name__
                raise Failure(
                    f"the init() of {self._script_path} failed with {kind}: {storable(_first_line(failed.cause))}",
                    hint=f"the whole traceback is at the end of {self._log_file}",
                    code=Code.SCRIPT_FAILED,
                ) from failed.cause
            finally:
                self._finish_output()
            self._log(self._style.note(self._world.clock(), "Users's init has completed successfully"))

    def score(self, body: str, caller: Caller) -> Answer:
        """Score one request body. A failing script is an answer with status 500."""
        with self._lock:
            self._definition = self._file.load()
            self._entry = self._definition.entry(self.name)
            self._thread = threading.get_ident()
            call = self._call = Call(
                caller=caller,
                request_id=caller.request_id or self.new_id(),
                operation_id=self._world.ids().hex,
                start=self._world.clock(),
                draw=self._world.random(),
                body=body,
            )
            self._log(self._style.received(call))
            try:
                status, text = self._run(call)
            finally:
                self._finish_output()
                self._call = None
            end = self._world.clock()
            self._log(self._style.answered(call, end, status=status, size=len(text.encode())))
            if self._entry.insights:
                self._style.request(call, status=status, body=text, duration=end - call.start)
            return Answer(status, text, call.request_id, end - call.start)

    def new_id(self) -> str:
        return str(self._world.ids())

    def append_blob(self, container: str, name: str, data: bytes, *, header: bytes) -> None:
        self._blobs.append(container, name, data, header=header)

    def v1_context(self) -> V1Context | None:
        if not self._entry.collection:
            return None
        definition = self._definition
        return V1Context(
            workspace="/".join((definition.subscription, definition.resource_group, definition.name)),
            service=str(self.name),
            model_version=self._entry.model_version,
            column_generation=self._entry.column_generation,
            request_id=self._call.request_id if self._call else NO_REQUEST,
            moment=self._world.clock(),
        )

    def collector_made(self) -> None:
        self._collects_itself = True

    def correlation_id(self) -> str:
        return self._call.request_id if self._call else self.new_id()

    def v2_collects(self, collection: str) -> bool:
        # outside a call there is no lot to draw: everything that is switched on is collected
        draw = self._call.draw if self._call else 0.0
        return any(
            each.enabled and draw < each.sampling_rate
            for each in self._entry.collections
            if each.name.lower() == collection
        )

    def v2_collect(self, collection: str, rows: str, *, correlation_id: str, data_type: str, path: str = "") -> None:
        moment = self._world.clock()
        # the file is named as the collection is in the settings, whatever the case of its letters in the script
        named = next((each.name for each in self._entry.collections if each.name.lower() == collection), collection)
        line = v2_collector.Line(
            id=self.new_id(),
            source=_deployment_id(self._definition, self.name),
            collection=named,
            time=moment,
            data=rows,
            correlation_id=correlation_id,
            data_type=data_type,
            path=path,
        )
        name = v2_collector.blob_name(str(self.name), named, moment, self._instance)
        self._blobs.append(v2_container(self._definition), name, line.encoded())

    def _run(self, call: Call) -> tuple[int, str]:
        self._collect_payload("request", call.body, call)
        self._collect_rows("model_inputs", call.body, call)
        try:
            text = json.dumps(self._script.run(call.body), allow_nan=False)
            status = 200
        except ScriptFailed as failed:
            status, text = self._failed(failed.cause, call)
        except (TypeError, ValueError, RecursionError) as error:
            # json.dumps: the script returned what JSON cannot hold, such as NaN
            status, text = self._failed(error, call)
        if status == 200:
            self._collect_rows("model_outputs", text, call)
        self._collect_payload("response", text, call)
        return status, text

    def _collect_rows(self, collection: str, body: str, call: Call) -> None:
        """What the server itself collects for a script without collectors of its own."""
        if self._collects_itself or self.name.generation is Generation.V1 or not self.v2_collects(collection):
            return
        is_input = collection == "model_inputs"
        rows = auto_collection.input_rows(body, self._entry.features) if is_input else auto_collection.output_rows(body)
        if rows is not None:
            self.v2_collect(collection, rows, correlation_id=call.request_id, data_type=v2_collector.FRAME_TYPE)

    def _collect_payload(self, collection: str, body: str, call: Call) -> None:
        if self.name.generation is Generation.V2 and self.v2_collects(collection):
            data = v2_collector.payload(body)
            self.v2_collect(collection, data, correlation_id=call.request_id, data_type="", path="/score")

    def _failed(self, error: BaseException, call: Call | None) -> tuple[int, str]:
        self._finish_output()
        moment = self._world.clock()
        raised = failure.ScriptError(error, self._store.folder)
        self._log(self._style.complaint(moment, f"Encountered Exception: {raised.log_text()}"))
        if self._entry.insights:
            self._style.exception(moment, raised, call)
        message = f"The scoring script failed with {type(error).__name__}; its log says more"
        return 500, json.dumps({"message": message})

    def _take_printed(self, text: str) -> None:
        moment = self._world.clock()
        self._log(self._style.printed(moment, text))
        if self._entry.insights:
            # what another thread prints belongs to no request, as on Azure, where each thread has its own context
            self._style.trace(moment, text, self._call if threading.get_ident() == self._thread else None)

    def _take_complained(self, text: str) -> None:
        self._log(f"{text}\n")

    def _finish_output(self) -> None:
        self._printed.finish()
        self._complained.finish()

    def _log(self, text: str) -> None:
        if text:
            self._store.append(self._log_file, storable(text).encode())

    def _model_path(self, name: str, version: object) -> Path:
        """As `Model.get_model_path`: the service's model, or a file of that name beside the script."""
        registered = self._entry.model_name
        fits_version = version is None or str(version) == self._entry.model_version or not registered
        # a model without a name in workspace.toml is the only one there is, whatever the script calls it
        if self._model and fits_version and name in {registered or name, self._model.name}:
            if not self._model.exists():
                raise FileNotFoundError(f"the model {self._model} of {self.name} is not there")
            return self._model
        beside = self._script_path.parent / name
        if beside.exists():
            return beside
        known = f"it has {registered}:{self._entry.model_version}" if registered else "it has none"
        raise FileNotFoundError(f"{self.name} has no model {name!r} (version {version or 'any'}); {known}")

    def _stamps(self) -> tuple[int, ...]:
        return tuple(_changed(path) for path in (self._script_path, self._model) if path)


def _inside(folder: Path, path: str) -> Path:
    # joining an absolute path gives that path
    return (folder / path).resolve()


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _deployment_id(definition: Definition, name: ServiceName) -> str:
    return (
        f"/subscriptions/{definition.subscription}/resourceGroups/{definition.resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{definition.name}"
        f"/onlineEndpoints/{name.endpoint}/deployments/{name.deployment}"
    )


def _first_line(error: BaseException) -> str:
    return failure.message(error).partition("\n")[0][:200]
