"""`azureml.ai.monitoring`: the collector of v2 deployments, writing the JSON lines that Azure's sidecar writes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol

from mlmon.local.runtime.text import compact_json, storable

AGENT: Final = "azureml-ai-monitoring/1.0.0"
FRAME_TYPE: Final = "pandas.core.frame.DataFrame"


class CorrelationContext:
    """What ties the rows of one request together across collections."""

    def get_id(self) -> str:
        """The request's id."""
        raise NotImplementedError

    def get_headers(self) -> dict[str, str]:
        """What the script wants to know the request by; the collected line does not carry it."""
        raise NotImplementedError


class BasicCorrelationContext(CorrelationContext):
    """A context made of an id and headers."""

    def __init__(self, id: str = "", headers: Mapping[str, str] | None = None) -> None:  # noqa: A002 - the published name
        self._id = id
        self._headers = dict(headers or {})

    def get_id(self) -> str:
        return self._id

    def get_headers(self) -> dict[str, str]:
        return self._headers


class V2Collecting(Protocol):
    """The deployment that a script's collectors belong to."""

    def collector_made(self) -> None:
        """The script collects by itself, so the server does not."""

    def correlation_id(self) -> str:
        """The id of the request being scored, or a new one."""

    def v2_collects(self, collection: str) -> bool:
        """Whether the collection is switched on and this request is in the sample."""

    def v2_collect(self, collection: str, rows: str, *, correlation_id: str, data_type: str) -> None:
        """Append one line; `rows` is JSON."""


class Collector:
    """Collects DataFrames for one collection. A subclass made for each service binds `_collecting`."""

    _collecting: ClassVar[V2Collecting]

    def __init__(self, *, name: str, on_error: Callable[[Exception], Any] | None = None) -> None:
        if not name:
            raise ValueError("a Collector needs a name")
        self.name = name.lower()
        self._on_error = on_error
        self._collecting.collector_made()

    def collect(self, data: Any, correlation_context: CorrelationContext | None = None) -> CorrelationContext:
        """Store the rows of a DataFrame, and give back the context that ties other collections to them."""
        context = correlation_context or BasicCorrelationContext(self._collecting.correlation_id())
        kind = f"{type(data).__module__}.{type(data).__qualname__}"
        if not (hasattr(data, "to_json") and hasattr(data, "columns")):
            error = TypeError(f"a pandas DataFrame can be collected, and this is {kind}")
            if self._on_error is None:
                raise error
            self._on_error(error)
        elif self._collecting.v2_collects(self.name):
            self._collecting.v2_collect(self.name, _records(data), correlation_id=context.get_id(), data_type=kind)
        return context


def _records(frame: Any) -> str:
    """The rows as the published package writes them, whatever pandas makes of times in its release."""
    with warnings.catch_warnings():
        # newer releases warn that times will one day be written as texts
        warnings.simplefilter("ignore")
        return str(frame.to_json(orient="records"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a v2 blob: the rows of one collect call with what CloudEvents says about them.

    Shape: https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data
    """

    id: str
    source: str
    collection: str
    time: datetime
    data: str
    correlation_id: str
    data_type: str = ""
    path: str = ""

    def encoded(self) -> bytes:
        """The line with its line end. `data` is JSON already and goes in as it is."""
        data = storable(self.data)
        size = len(data.encode())
        before = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": f"azureml.inference.{self.collection}",
            "datacontenttype": "application/json",
            "time": f"{self.time:%Y-%m-%dT%H:%M:%SZ}",
        }
        after = {
            **({"path": self.path, "method": "POST"} if self.path else {}),
            "correlationid": self.correlation_id,
            "xrequestid": self.correlation_id,
            "modelversion": "default",
            **({"collectdatatype": self.data_type} if self.data_type else {}),
            "agent": AGENT,
            "contentrange": f"bytes 0-{max(0, size - 1)}/{size}",
        }
        return f'{compact_json(before)[:-1]},"data":{data},{compact_json(after)[1:]}\n'.encode()


def blob_name(service: str, collection: str, moment: datetime, instance: str) -> str:
    """Where a line goes: one blob for each hour and instance."""
    return f"modelDataCollector/{service}/{collection}/{moment:%Y/%m/%d/%H}/{instance}.jsonl"


def payload(text: str) -> str:
    """A body as the `data` of payload logging: the JSON it is, or its text."""
    try:
        return compact_json(json.loads(text, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        return compact_json(text)
