"""Serverless Spark on Azure Machine Learning: jobs written, handed over, waited for, and what they made.

azure-ai-ml checks and submits; all else is asked by the light client. A job's own folder in the default datastore is
known by its name, so that who knows the name can bring home what it made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from mlmon.azure.connection import Connection
from mlmon.azure.discovery import API
from mlmon.azure.jobs.document import document
from mlmon.azure.pages import page_of_job
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, short, translated, unreadable
from mlmon.azure.rest.patience import retry_after
from mlmon.core.errors import Failure, Interrupted, MlmonError, NotFound, Unavailable, UsageError
from mlmon.core.jobs import SparkJob
from mlmon.core.model import BlobInfo

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from mlmon.azure.blobs import AzureBlobs

_FOLDER: Final = "mlmon/jobs"
_POLL_SECONDS: Final = 10.0
_SHORTEST_POLL: Final = 0.05
_LONGEST_POLL: Final = 60.0
# https://learn.microsoft.com/rest/api/azureml/jobs/get has all the states that there are
_ENDED: Final = {"completed": "", "failed": "failed", "canceled": "was cancelled", "notresponding": "does not respond"}


class AzureJobs:
    """`core.ports.Jobs` over a connection."""

    def __init__(self, connection: Connection, blobs: AzureBlobs) -> None:
        self._connection = connection
        self._blobs = blobs

    def written(self, job: SparkJob) -> Path:
        from mlmon.azure.sdk import checked_job, unheard

        file = job.code.parent / "job.yml"
        text = document(
            job,
            code=job.code.relative_to(file.parent),
            data=[self._uri(container) for container in job.containers],
            output=self._in_datastore(f"{_FOLDER}/{job.name}/"),
        )
        try:
            file.write_text(text, "utf-8")
        except OSError as error:
            raise Failure(
                f"{str(file)!r} cannot be written: {error.strerror or error}", hint="free some room"
            ) from None
        with self._asking(job.name), unheard():
            try:
                checked_job(self._sdk(), file)
            except ValueError as error:
                raise UsageError(
                    f"azure-ai-ml takes no such job: {short(str(error))}",
                    hint="--instance-type standard_e4s_v3 is the smallest there is",
                ) from None
        return file

    def submit(self, name: str, file: Path) -> None:
        from mlmon.azure.sdk import checked_job, unheard

        with _left(f"interrupted: Azure may have been given the job {name}", name), self._asking(name), unheard():
            sdk = self._sdk()
            sdk.jobs.create_or_update(checked_job(sdk, file))

    def wait(self, name: str, *, told: Callable[[str], None]) -> None:
        timeout = self._connection.wire.timeout
        end = time.monotonic() + timeout.total_seconds() if timeout else float("inf")
        with _left(f"interrupted: the job {name} goes on", name):
            while True:
                state, pause = self._state(name)
                told(state)
                if (ending := _ENDED.get(state.casefold())) is not None:
                    break
                if time.monotonic() + pause > end:
                    raise Unavailable(f"the job {name} is not at its end; it goes on", hint=_again(name))
                time.sleep(pause)
        if ending:
            where = f", or {page}" if (page := self.page(name)) else ""
            raise Failure(f"the job {name} {ending}", hint=f"why: az ml job stream --name {name}{where}")

    def _state(self, name: str) -> tuple[str, float]:
        """A job's state in the service's words, and the seconds after which to ask again."""
        asked = self._asked("read", name)
        try:
            answer = self._connection.arm.send("GET", self._path(name), query=API, asked=asked)
            if not (state := shape.text(answer.body, "properties", "status")):
                raise unreadable(asked)  # without a state, its end would be waited for for ever
        except Unavailable as error:
            raise Unavailable(error.message, hint=f"the job goes on: {_again(name)}") from None
        pause = retry_after(answer.headers)
        return state, min(max(_POLL_SECONDS if pause is None else pause, _SHORTEST_POLL), _LONGEST_POLL)

    def made(self, name: str) -> Sequence[BlobInfo]:
        return [*self._blobs.list(self._connection.discovery.storage().container, f"{_FOLDER}/{name}/")]

    def page(self, name: str) -> str:
        with suppress(NotFound):
            return page_of_job(self._connection, name)
        return ""

    def _sdk(self) -> MLClient:
        from mlmon.azure.sdk import client

        wire, target = self._connection.wire, self._connection.target
        return client(
            wire, target.subscription, group=target.resource_group, name=target.name, transport=wire.patient()
        )

    def _uri(self, container: str) -> str:
        """A container as Spark opens it with an identity."""
        if container == self._connection.discovery.storage().container:
            return self._in_datastore("")
        parts = urlsplit(self._blobs.address(container))
        account, _, name = parts.path[1:].rpartition("/")
        scheme = "abfss" if ".blob." in parts.netloc else "wasbs"
        return f"{scheme}://{name}@{parts.netloc.replace('.blob.', '.dfs.', 1)}/{account}"

    def _in_datastore(self, path: str) -> str:
        return f"azureml://datastores/{self._connection.discovery.storage().datastore}/paths/{path}"

    def _path(self, name: str) -> str:
        return f"{self._connection.path}/jobs/{quote(name, safe='')}"

    def _asked(self, verb: str, name: str) -> Asked:
        return Asked(f"{verb} the job {name}", scope=self._path(name), role="AzureML Data Scientist")

    @contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        """What azure-ai-ml raises, as errors of mlmon's own: it has no list of what that may be."""
        from azure.core.exceptions import AzureError

        from mlmon.azure.sdk import is_broken, refused

        asked, wire = self._asked("submit", name), self._connection.wire
        host = urlsplit(wire.cloud.resource_manager).netloc
        with translated(asked, account=wire.account, host=host):
            try:
                yield
            except MlmonError:
                raise
            except Exception as error:
                if said := refused(error):
                    raise Failure(
                        f"could not {asked.doing}: {short(said)}", hint="--debug shows the requests"
                    ) from None
                if isinstance(error, AzureError) and not is_broken(error):
                    raise
                raise unreadable(asked) from None


@contextmanager
def _left(said: str, name: str) -> Iterator[None]:
    """Say of an interruption inside that the job stays. Raises `Interrupted`."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(said, hint=_again(name)) from None


def _again(name: str) -> str:
    return f"the same command with --job {name} brings home what it makes"
