"""What the conformance suite needs of a backend: a workspace of known contents, and hands behind its back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlmon.core.model import BlobInfo, RequestCounts, ServiceName
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange

WORKING = '{"data": [[1, 2], [3, 4]]}'
FAILING = "fail"


@dataclass(frozen=True, slots=True)
class Backend:
    """A workspace with a v1 service and a v2 deployment; both switches of both are on.

    Each service has scored on three days. `day` is one of them, and `counts` are its requests.
    `sibling` is a second deployment whose name begins with the first one's. `grow` makes a blob that is not there yet.
    """

    workspace: Workspace
    v1: ServiceName
    v2: ServiceName
    sibling: ServiceName
    day: TimeRange
    counts: Mapping[ServiceName, RequestCounts]
    grow: Callable[[BlobInfo, bytes], None]
    delete: Callable[[BlobInfo], None]
