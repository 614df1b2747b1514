"""The contract between mlmon and whatever holds the services: a folder, or Azure.

Everything above is written against these protocols, and one conformance suite
(`tests/workspace/`) runs over every implementation. All methods may raise the errors of
`core/errors.py`: `NotAllowed`, `Unavailable`, and `NotFound` where it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Protocol

from mlmon.core.flow import Flow
from mlmon.core.jobs import SparkJob
from mlmon.core.model import (
    BlobInfo,
    Chunk,
    CollectedRoot,
    LogSnapshot,
    PageKind,
    RequestCounts,
    Response,
    RowNames,
    Service,
    ServiceName,
    SwitchPlan,
    SwitchRequest,
    Table,
)
from mlmon.core.timerange import TimeRange


class Services(Protocol):
    """The services of a workspace and their switches."""

    def list(self) -> Sequence[Service]:
        """Every service of both generations, sorted by name. Empty when there are none.

        When the place that holds one generation does not answer, those of the other are listed, and `unseen` says so.
        """

    @property
    def unseen(self) -> Sequence[str]:
        """What the latest `list` could not see, and why: a sentence each. Empty where it saw everything."""

    @property
    def ended(self) -> Sequence[str]:
        """What the latest `list` need not look for, because no such service can be here any more: a sentence each."""

    def get(self, name: ServiceName) -> Service:
        """One service as it is now. Raises `NotFound`."""

    def plan(self, name: ServiceName, request: SwitchRequest) -> SwitchPlan:
        """What the request would change, sending nothing.

        Raises:
            NotFound: no such service.
            Unavailable: something is changing the service at this moment, so that nobody knows what it will be.
            UsageError: this kind of service cannot do what is asked, or has no such collection.
        """

    def apply(self, plan: SwitchPlan, *, wait: bool = True, stop: Event | None = None) -> Service:
        """Write the plan's changes and nothing else, and return the service as read back afterwards.

        Without `wait` it is the service as it answered, when what was begun may still go on. Safe to call for several
        services at once from several threads; setting `stop` then ends the waiting.

        Raises:
            Interrupted: Ctrl-C, or `stop` was set; what was begun goes on without us.
            GivenUp: `stop` was set before anything was written.
            Unavailable: the service changed since the plan was made, and nothing was written; or the change is not
                finished in time.
            Failure: the service could not make the change.
        """


class Logs(Protocol):
    """Container logs. There is no cursor: a snapshot of the last lines is all there is."""

    def containers(self, name: ServiceName) -> Sequence[str]:
        """The containers that keep a log; the first is the one that scores."""

    def snapshot(self, name: ServiceName, *, lines: int, container: str = "") -> LogSnapshot:
        """The last `lines` lines, oldest first. A service that never logged has none.

        Raises:
            NotFound: no such service or container.
        """


class Dialect(StrEnum):
    """Whose table and column names a query must use."""

    CLASSIC = "classic"
    WORKSPACE = "workspace"


class Scope(StrEnum):
    """From where telemetry is looked at: its Application Insights component, or the Log Analytics workspace behind."""

    COMPONENT = "component"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Tables:
    """Which tables a query meets: whose names they have, and the component (an ARM id, in lower case) whose rows alone
    are meant, "" where there are no others."""

    dialect: Dialect
    component: str = ""


class Telemetry(Protocol):
    """Application Insights rows."""

    @property
    def tables(self) -> Tables:
        """What a query has to be written for. Raises `NotFound` where there is no telemetry at all."""

    def in_scope(self, scope: Scope) -> Telemetry:
        """The same telemetry, looked at from there. Raises `UsageError` where that is not possible."""

    def query(self, kql: str, *, between: TimeRange | None = None) -> Table:
        """Run a KQL query, over rows whose timestamp is in `between` when that is given.

        Raises:
            QueryError: the query is wrong, or not supported here.
        """

    def ask(self, question: Callable[[Tables], str], *, between: TimeRange | None = None) -> Table:
        """`query`, of a query of mlmon's own: written for `tables`, or once more when it turns out that the tables
        have their other names here."""

    def ask_each(
        self, questions: Sequence[Callable[[Tables], str]], *, between: TimeRange | None = None
    ) -> Sequence[Table]:
        """`ask` of several, in their order; at once where most of the time is spent waiting."""

    def request_counts(self, between: TimeRange) -> Mapping[RowNames, RequestCounts]:
        """Requests and failures by what their rows call the service, in one query."""


class Blobs(Protocol):
    """Blob storage, as far as collected data needs it. Names are hostile: nothing here trusts them."""

    def roots(self, name: ServiceName) -> Sequence[CollectedRoot]:
        """Where the collected blobs of a service stand, whether or not any exist. Raises `NotFound`."""

    def children(self, container: str, prefix: str) -> Iterator[str | BlobInfo]:
        """What stands one level below `prefix` (which ends in `/`, or is ""), lazily: the prefixes, each ending in `/`,
        and the blobs that stand there themselves, sorted together by name. A missing container is empty."""

    def list(self, container: str, prefix: str, *, start_from: str = "") -> Iterator[BlobInfo]:
        """Every blob whose name starts with `prefix` and is not before `start_from`, sorted by name, lazily.

        `start_from` is a whole name, or as much of one as is known. A missing container is empty. Several threads may
        list at once.
        """

    def address(self, container: str) -> str:
        """The URL of a container, without a `/` at its end: `https://…/NAME`, or a `file:` one for a folder. It holds
        no secret. Containers of one account (one folder) differ in the last level alone."""

    def asset(self, name: str) -> Sequence[BlobInfo]:
        """The files of a registered data asset, `azureml:NAME:VERSION`, sorted by name.

        Raises:
            NotFound: there is no such asset, or no file of it in a storage that can be read.
            UsageError: the name is none of an asset.
        """

    def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[Chunk]:
        """The blob's bytes from `start` in chunks, exactly `blob.size - start` of them even while it grows, where its
        `lineage` says that it only grows.

        Several threads may read at once. What comes over a network comes as `flow` allows: a large blob in several
        parts at once, as far as there is room; without it, in one part after the other.

        Raises:
            NotFound: the blob is gone.
            Replaced: it is not the one that was listed, as far as its `etag` and `lineage` can tell; list it again.
            Unavailable: it became shorter.
            GivenUp: `flow.stop` was set.
        """


class Scoring(Protocol):
    """Sending rows to a service."""

    def invoke(self, name: ServiceName, body: str) -> Response:
        """Score one request body. A failing script is an answer (status 500), not an error. Raises `NotFound`."""


class Jobs(Protocol):
    """Spark jobs on the machines of a workspace. Each is known by its name, which is the workspace's for ever."""

    def written(self, job: SparkJob) -> Path:
        """Write a job as a file beside its `code`: what `submit` takes, and what `az ml job create -f` does.

        Raises:
            UsageError: no job may be like that, or this kind of workspace runs none.
        """

    def submit(self, name: str, file: Path) -> None:
        """Hand a written job over, with its code.

        Raises:
            Interrupted: Ctrl-C; whether there is such a job now is not known.
        """

    def wait(self, name: str, *, told: Callable[[str], None]) -> None:
        """Wait for the end of a job; `told` is given its state in the service's words, whenever it is asked for.

        Raises:
            NotFound: there is no such job.
            Failure: it failed, or was cancelled.
            Interrupted: Ctrl-C; the job goes on.
            Unavailable: `--timeout` has passed; the job goes on.
        """

    def made(self, name: str) -> Sequence[BlobInfo]:
        """The files that a job wrote to its folder, sorted by name."""

    def page(self, name: str) -> str:
        """The address of a page about a job, "" where there is none."""


class Workspace(Protocol):
    """One workspace: the four planes that are read, scoring, and jobs."""

    @property
    def name(self) -> str:
        """How people call it: `subscription/group/name`, or a folder."""

    @property
    def services(self) -> Services: ...

    @property
    def logs(self) -> Logs: ...

    @property
    def telemetry(self) -> Telemetry: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def scoring(self) -> Scoring: ...

    @property
    def jobs(self) -> Jobs:
        """Raises `UsageError` where there are no machines to run one."""

    def page(self, kind: PageKind, service: ServiceName | None = None) -> str:
        """The address of a page about a service, or about the workspace where the service has none or none is named:
        https, or a `file:` one for a folder. It holds no secret; whether the service is there is not looked at.

        Raises:
            NotFound: there is no such page.
        """


class LocalServer(Protocol):
    """A scoring script served on loopback."""

    address: str

    def serve_forever(self) -> None:
        """Answer requests until Ctrl-C."""


class EmbeddedWorkspace(Workspace, Protocol):
    """What only the folder can do: run a scoring script itself."""

    folder: Path

    def serve(self, script: Path, *, name: ServiceName, port: int, model: Path | None) -> LocalServer:
        """Register the script as a service (keeping the switches it has) and open a port (0: any free one)."""
