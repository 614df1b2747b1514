"""`azureml.monitoring`: the collector of v1 web services, writing the CSV blobs that the published package writes.

pandas and numpy objects are recognised by what they can do; neither is imported.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol

from mlmon.local.blobs import V1_CONTAINER
from mlmon.local.runtime.text import storable

Correlations = dict[str, str]
_DAY_IN_MINUTES: Final = "1440"
_DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class V1Context:
    """What a collector knows of its service and of the request being scored."""

    workspace: str
    service: str
    model_version: str
    column_generation: int
    request_id: str
    moment: datetime


class V1Collecting(Protocol):
    """The service that a script's collectors belong to."""

    def v1_context(self) -> V1Context | None:
        """None while collection is switched off."""

    def new_id(self) -> str: ...

    def append_blob(self, container: str, name: str, data: bytes, *, header: bytes) -> None: ...


class CorrelatedRows(list[list[object]]):
    """Rows of a list or an array with the correlation values behind their own, and the names of those."""

    def __init__(self, rows: Iterable[list[object]], names: Sequence[str]) -> None:
        super().__init__(rows)
        self.names = list(names)


class ModelDataCollector:
    """Collects the rows of one designation of one model. A subclass made for each service binds `_collecting`."""

    _collecting: ClassVar[V1Collecting]

    def __init__(  # noqa: PLR0917 - the published signature
        self,
        model_name: str,
        designation: str = _DEFAULT,
        feature_names: Sequence[str] | None = None,
        workspace: str = _DEFAULT,
        webservice_name: str = _DEFAULT,
        model_version: str = _DEFAULT,
        collection_name: str = _DEFAULT,
        *,
        identifier: str | None = None,
    ) -> None:
        if not isinstance(model_name, str) or not model_name:
            raise TypeError("model_name must be a text that is not empty")
        self.model_name = model_name
        # `identifier` is what releases before 0.1.0a16 called it
        self.designation = identifier if identifier is not None else designation
        self.feature_names = [str(name) for name in feature_names] if feature_names is not None else []
        self._workspace = workspace
        self._service = webservice_name
        self._version = model_version
        self._collection = collection_name

    def collect(self, input_data: Any, user_correlation_id: str = "") -> Correlations:
        """Store rows: a list, a list of lists, an array or a DataFrame.

        Returns the correlation columns and their values for `inputs`, else an empty dict, which is
        also what a switched-off service returns.
        """
        context = self._collecting.v1_context()
        if context is None:
            return {}
        if context.column_generation == 1:
            meta = self._first_columns(context, user_correlation_id)
            self._store(context, _table(input_data, self.feature_names, before=meta), file_name="data.csv")
            return {}
        meta = self._last_columns(context, user_correlation_id) if self.designation == "inputs" else {}
        own_name = self._collection if self._collection != _DEFAULT else self.designation
        self._store(context, _table(input_data, self.feature_names, after=meta), file_name=f"{own_name}.csv")
        return meta

    def add_correlations(self, input_data: Any, correlations: Correlations) -> Any:
        """The data with the correlation columns that `collect` returned for the inputs."""
        if not correlations:
            return input_data
        if _is_frame(input_data):
            return input_data.assign(**correlations)
        rows = _rows(input_data, self.feature_names)
        return CorrelatedRows(([*row, *correlations.values()] for row in rows), list(correlations))

    def _first_columns(self, context: V1Context, user_id: str) -> Correlations:
        """The columns of releases before 0.1.0a16, which stand first."""
        return {
            "$Timestamp": _naive(context.moment),
            "$CorrelationId": user_id or self._collecting.new_id(),
            "$RequestId": context.request_id,
        }

    def _last_columns(self, context: V1Context, user_id: str) -> Correlations:
        new_id = self._collecting.new_id()
        return {
            "$aml_dc_correlation_id": f"{user_id}-{new_id}" if user_id else new_id,
            "$aml_dc_scoring_timestamp": _naive(context.moment),
            "$aml_dc_boundary": _DAY_IN_MINUTES,
            "$aml_workspace": self._place(context),
            "$aml_service_name": self._service if self._service != _DEFAULT else context.service,
            "$aml_model_name": self.model_name,
            "$aml_model_version": self._version if self._version != _DEFAULT else context.model_version,
            "$aml_request_id": context.request_id,
        }

    def _place(self, context: V1Context) -> str:
        place = self._workspace if self._workspace != _DEFAULT else context.workspace
        return place if context.column_generation == 1 else place.lower()

    def _store(self, context: V1Context, table: tuple[bytes, bytes], *, file_name: str) -> None:
        header, rows = table
        name = "/".join(
            (
                self._place(context),
                self._service if self._service != _DEFAULT else context.service,
                self.model_name,
                self._version if self._version != _DEFAULT else context.model_version,
                self.designation,
                f"{context.moment:%Y/%m/%d}".rjust(10, "0"),
                file_name,
            )
        )
        self._collecting.append_blob(V1_CONTAINER, name, rows, header=header)


def _table(
    data: Any, feature_names: list[str], *, before: Correlations | None = None, after: Correlations | None = None
) -> tuple[bytes, bytes]:
    """The header and the rows as CSV. The header ends in CRLF, rows of a DataFrame in LF, other rows in CRLF."""
    first, last = before or {}, after or {}
    if _is_frame(data):
        frame = data.assign(**last)
        for place, (name, value) in enumerate(first.items()):
            frame.insert(place, name, value)
        header = _csv([[str(name) for name in frame.columns]])
        return header, _bytes(frame.to_csv(index=False, header=False, lineterminator="\n"))
    more = data.names if isinstance(data, CorrelatedRows) else []
    rows = [[*first.values(), *row, *last.values()] for row in _rows(data, feature_names)]
    # without names of its own the published collector writes no header for lists and arrays
    return _csv([[*first, *feature_names, *more, *last]]) if feature_names else b"", _csv(rows)


def _rows(data: Any, feature_names: list[str]) -> list[list[object]]:
    values = data.tolist() if hasattr(data, "tolist") else data
    if not isinstance(values, list | tuple):
        raise TypeError(f"a list, an array or a DataFrame can be collected, and this is {type(data).__name__}")
    if any(isinstance(value, list | tuple) for value in values):
        return [list(value) if isinstance(value, list | tuple) else [value] for value in values]
    # flat values are one row when there is a name for each of them, else one prediction a row
    if not feature_names or len(feature_names) == len(values):
        return [list(values)]
    return [[value] for value in values]


def _is_frame(data: Any) -> bool:
    return hasattr(data, "to_csv") and hasattr(data, "columns")


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return _bytes(text.getvalue())


def _bytes(text: str) -> bytes:
    return storable(text).encode()


def _naive(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat()
