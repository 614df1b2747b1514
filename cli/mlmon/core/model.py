"""The nouns: services and their switches, collected blobs, logs, telemetry tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from mlmon.core.errors import UsageError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Value = Json | datetime | timedelta
"""One cell of a table: JSON, or a UTC datetime, or a timedelta. Naive datetimes never occur."""
Chunk = bytes | memoryview
"""Bytes of a blob: those that came themselves, where copying them would cost as much as fetching them."""


class Kind(StrEnum):
    """Where a service runs."""

    MANAGED = "managed"
    KUBERNETES = "kubernetes"
    AKS = "aks"
    ACI = "aci"
    LOCAL = "local"
    OTHER = "other"
    """What Azure calls by a name that mlmon does not know."""


class Generation(StrEnum):
    """v1 web services (name) and v2 online deployments (endpoint/deployment)."""

    V1 = "v1"
    V2 = "v2"


_NAME: Final = re.compile(r"(?!\.{1,2}$)[^\s/\\]+")


@dataclass(frozen=True, slots=True, order=True)
class ServiceName:
    """`endpoint/deployment` for a v2 online deployment, a bare name for a v1 web service."""

    endpoint: str
    deployment: str = ""

    @classmethod
    def parse(cls, text: str) -> ServiceName:
        """Read a name as it is written on the command line.

        Raises:
            UsageError: a part is empty, `.` or `..`, or has what cannot be seen in it; or more than one slash.
        """
        parts = text.split("/")
        if len(parts) > 2 or not all(_NAME.fullmatch(part) and part.isprintable() for part in parts):
            raise UsageError(
                f"{text!r} is not a service name",
                hint="a v1 web service is a name, a v2 deployment is endpoint/deployment",
            )
        return cls(*parts)

    @property
    def generation(self) -> Generation:
        return Generation.V2 if self.deployment else Generation.V1

    def __str__(self) -> str:
        return f"{self.endpoint}/{self.deployment}" if self.deployment else self.endpoint


@dataclass(frozen=True, slots=True)
class CollectionSetting:
    """One v2 stream and its switch. `sampling_rate` is the share of requests collected, 0 to 1."""

    name: str
    enabled: bool
    sampling_rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Service:
    """What is monitored. `collections` is empty for v1, whose one switch covers every designation."""

    name: ServiceName
    kind: Kind
    state: str
    collection: bool
    insights: bool
    collections: tuple[CollectionSetting, ...] = ()

    @property
    def generation(self) -> Generation:
        return self.name.generation


class PageKind(StrEnum):
    """A page about a workspace or a service for people, in a browser."""

    PORTAL = "portal"
    INSIGHTS = "insights"
    STUDIO = "studio"
    STORAGE = "storage"


COLLECTION_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")

COLLECTION_OF_DESIGNATION: Final = {"inputs": "model_inputs", "predictions": "model_outputs"}
"""The v2 collection that holds what a v1 designation does: on the command line they name the same thing."""


class Switch(StrEnum):
    """The two things that can be switched on a service."""

    COLLECTION = "collection"
    INSIGHTS = "insights"


@dataclass(frozen=True, slots=True)
class SwitchRequest:
    """What a person asked for. `collections` empty means the kind's usual ones."""

    switch: Switch
    on: bool
    collections: tuple[str, ...] = ()
    sampling_rate: float | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a service, before and after. A field that did not exist was None."""

    field: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """The changes a request needs on one service, in the words of what holds it; none when it is already so.

    `basis` stands for everything the service was when the plan was made, for `apply` to compare. `notes` are what a
    person should know before: one sentence each.
    """

    service: Service
    request: SwitchRequest
    changes: tuple[FieldChange, ...]
    basis: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A blob as a listing shows it. `size` in bytes; `name` is relative to its container.

    `md5` is the digest that the storage has of the content, b"" where it has none. `lineage` stays the same as long as
    a blob only grows at its end, as far as a listing can tell; "" for one that may change in any way.
    """

    container: str
    name: str
    size: int
    etag: str
    last_modified: datetime
    md5: bytes = b""
    lineage: str = ""


@dataclass(frozen=True, slots=True)
class CollectedRoot:
    """A prefix (ending in `/`) below which a service's collected blobs stand.

    v1 has one root for each way in which the workspace's names are spelled there (mostly one), with
    model/version/designation levels below it; v2 has one root for each collection, with the date directly below it,
    and `collection` says which.
    """

    container: str
    prefix: str
    generation: Generation
    collection: str = ""


LEVELS: Final = ("debug", "info", "warning", "error", "critical")
"""How bad a record of a log is, from the least to the worst."""


@dataclass(frozen=True, slots=True)
class LogSnapshot:
    """The last lines of a container log, oldest first, without line ends.

    `status` is what the service says about the container itself; it is no part of the log. `container` is whose log it
    is, also where none was named. `left_out` is how many blank lines at the end are left out, which count among those
    that were asked for. `unfinished` says that the last line is still being written, as far as that can be seen. A byte
    that is no UTF-8 is a lone surrogate (PEP 383), where the log is a file.
    """

    lines: tuple[str, ...]
    status: str = ""
    container: str = field(default="", compare=False)
    left_out: int = 0
    unfinished: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a telemetry table, with its KQL type: string, long, real, datetime, dynamic, …"""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a query. `partial` says what is missing when the service returned only a part, and `advice` what
    whoever wrote the query can do about that."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    partial: str = ""
    render: str = ""
    advice: str = ""

    def records(self) -> list[dict[str, Value]]:
        """The rows as objects, in column order."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


RowNames = tuple[str, str]
"""What a row of telemetry calls its service: the "Service Name" that the script's server writes into it, and the role
of the container. Either may be "", and neither need be a service's name as mlmon writes it."""


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests of one service in a time range, and how many of them failed."""

    requests: int
    failed: int


@dataclass(frozen=True, slots=True)
class Response:
    """What a service answered to a scoring call. `duration` is the whole call."""

    status: int
    body: str
    request_id: str
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo holds. From `drift_day` on the `drifted` features are higher than in the training data."""

    folder: Path
    services: tuple[ServiceName, ...]
    first_day: date
    requests: int
    failed: int
    drift_day: date
    drifted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Discovered:
    """What was found out about a workspace on Azure; "" for what it has not or this sign-in may not see.

    `storage` is `account/container` of the default datastore, `telemetry` the Application Insights component.
    """

    region: str
    storage: str
    telemetry: str
    logs_workspace: str
    v1: bool


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether one plane may be read, tried as `account`; `allowed` is None where that could not be told.

    `role` on `scope` is what it needs, "" where no role would help; `reason` is why it is not so, `hint` what to do.
    `failed` where there was no answer to the question.
    """

    plane: str
    allowed: bool | None
    account: str
    scope: str
    role: str
    reason: str
    hint: str = ""
    failed: bool = False
