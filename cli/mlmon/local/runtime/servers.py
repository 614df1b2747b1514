"""How the two generations' own servers log and report: the lines and rows that a reader of Azure knows.

v1 is the server of the AKS and ACI images, v2 is azureml-inference-server-http
(https://github.com/microsoft/azureml-inference-server).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from mlmon.core.model import Generation, Json
from mlmon.local.runtime.call import NO_REQUEST, Call
from mlmon.local.runtime.failure import ScriptError
from mlmon.local.runtime.rows import TelemetryRows, request_columns
from mlmon.local.runtime.text import Row, compact_json

_NO_OPERATION: Final = "0" * 32
_INFORMATION: Final = 1
# the worker's process id in its own container; the same in every run, so that a run can be repeated
_WORKER: Final = 73


class ServerStyle(Protocol):
    """What one generation's server writes. Log methods give whole lines; the others write rows."""

    def note(self, moment: datetime, text: str) -> str:
        """A line of the server's own."""

    def complaint(self, moment: datetime, text: str) -> str:
        """An error of the server's own, several lines perhaps."""

    def printed(self, moment: datetime, text: str) -> str:
        """What a script printed."""

    def received(self, call: Call) -> str:
        """What stands in the log when a request comes in."""

    def answered(self, call: Call, moment: datetime, *, status: int, size: int) -> str:
        """What stands in the log when it was answered."""

    def trace(self, moment: datetime, text: str, call: Call | None) -> None:
        """The row for what a script printed; `call` is None while init() runs."""

    def request(self, call: Call, *, status: int, body: str, duration: timedelta) -> None:
        """The row for a request."""

    def exception(self, moment: datetime, error: ScriptError, call: Call | None) -> None:
        """The row for a script's exception."""


@dataclass(frozen=True, slots=True)
class V1Server:
    """The web service images of the v1 SDK."""

    rows: TelemetryRows

    def note(self, moment: datetime, text: str) -> str:
        return f"{_clock_time(moment)} | root | INFO | {text}\n"

    def complaint(self, moment: datetime, text: str) -> str:
        return f"{_clock_time(moment)} | root | ERROR | {text}\n"

    def printed(self, moment: datetime, text: str) -> str:  # noqa: ARG002 - this server prints it bare
        return f"{text}\n"

    def received(self, call: Call) -> str:
        at = _clock_time(call.start)
        return (
            f"{at} | root | INFO | Validation Request Content-Type\n"
            f"{at} | root | INFO | Scoring Timer is set to 60.0 seconds\n"
        )

    def answered(self, call: Call, moment: datetime, *, status: int, size: int) -> str:
        return f"{self.note(moment, str(status))}{_access(call, moment, status=status, size=size)}\n"

    def trace(self, moment: datetime, text: str, call: Call | None) -> None:
        columns: Row = {
            "message": "STDOUT",
            "severityLevel": _INFORMATION,
            "customDimensions": {"Content": text, **self._dimensions(call)},
        }
        self.rows.add("traces", moment, columns, operation_id=_operation(call), parent_id=_parent(call))

    def request(self, call: Call, *, status: int, body: str, duration: timedelta) -> None:
        columns = request_columns(call, status, duration)
        columns["customDimensions"] = {**self._dimensions(call), "Response Value": compact_json(body)}
        self.rows.add("requests", call.start, columns, operation_id=call.operation_id)

    def exception(self, moment: datetime, error: ScriptError, call: Call | None) -> None:
        columns = {**error.columns(), "customDimensions": self._dimensions(call)}
        self.rows.add("exceptions", moment, columns, operation_id=_operation(call), parent_id=_parent(call))

    def _dimensions(self, call: Call | None) -> dict[str, Json]:
        origin = self.rows.origin
        return {
            "Service Name": str(origin.service),
            "Workspace Name": origin.workspace,
            "Container Id": origin.instance,
            "Request Id": call.request_id if call else NO_REQUEST,
            "Client Request Id": call.caller.client_request_id if call else "",
        }


@dataclass(frozen=True, slots=True)
class V2Server:
    """azureml-inference-server-http."""

    rows: TelemetryRows

    def note(self, moment: datetime, text: str) -> str:
        return self._line(moment, "I", f"azmlinfsrv - {text}")

    def complaint(self, moment: datetime, text: str) -> str:
        return self._line(moment, "E", f"azmlinfsrv - {text}")

    def printed(self, moment: datetime, text: str) -> str:
        return self._line(moment, "I", f"azmlinfsrv.print - {text}")

    def received(self, call: Call) -> str:  # noqa: ARG002 - this server logs answers only
        return ""

    def answered(self, call: Call, moment: datetime, *, status: int, size: int) -> str:
        elapsed = (moment - call.start) / timedelta(milliseconds=1)
        access = _access(call, moment, status=status, size=size)
        return self.note(moment, f"POST /score {status} {elapsed:.3f}ms {size}") + self._line(
            moment, "I", f"gunicorn.access - {access}"
        )

    def trace(self, moment: datetime, text: str, call: Call | None) -> None:  # noqa: ARG002 - it has no request in it
        columns: Row = {
            "message": text,
            "severityLevel": _INFORMATION,
            "customDimensions": {"code.function.name": "print", "code.file.path": "print_log_hook.py"},
        }
        # as observed of 1.5.1: what is printed is not tied to its request
        self.rows.add("traces", moment, columns, operation_id=_NO_OPERATION)

    def request(self, call: Call, *, status: int, body: str, duration: timedelta) -> None:
        columns = request_columns(call, status, duration)
        columns["customDimensions"] = {
            **self._dimensions(call),
            "Response Value": compact_json(body),
            "name": "/score",
            "url": call.caller.url,
            "start_time": f"{call.start.replace(tzinfo=None).isoformat()}Z",
            "duration": _span(duration),
            "resultCode": str(status),
            "success": str(status < 400),
            "http_method": "POST",
            "Workspace Name": self.rows.origin.workspace,
            "Service Name": str(self.rows.origin.service),
        }
        self.rows.add("requests", call.start, columns, operation_id=call.operation_id)

    def exception(self, moment: datetime, error: ScriptError, call: Call | None) -> None:
        # its server puts a Python dict's text there; readers of real workspaces meet the same
        columns: Row = {
            **error.columns(),
            "customDimensions": {"custom_dimensions": str(self._dimensions(call))},
        }
        self.rows.add("exceptions", moment, columns, operation_id=_operation(call), parent_id=_parent(call))

    def _dimensions(self, call: Call | None) -> dict[str, Json]:
        return {
            "Container Id": self.rows.origin.instance,
            "Request Id": call.request_id if call else "Unknown",
            "Client Request Id": call.caller.client_request_id if call else "",
        }

    def _line(self, moment: datetime, level: str, text: str) -> str:
        return f"{_clock_time(moment)} {level} [{_WORKER}] {text}\n"


def server_style(generation: Generation, rows: TelemetryRows) -> ServerStyle:
    """The server of a generation."""
    return V1Server(rows) if generation is Generation.V1 else V2Server(rows)


def _operation(call: Call | None) -> str:
    return call.operation_id if call else _NO_OPERATION


def _parent(call: Call | None) -> str:
    return call.request_id if call else ""


def _clock_time(moment: datetime) -> str:
    """`2026-03-01 12:30:00,123`."""
    return f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d}"


def _access(call: Call, moment: datetime, *, status: int, size: int) -> str:
    agent = call.caller.agent.replace('"', "%22")
    return f'127.0.0.1 - - [{moment:%d/%b/%Y:%H:%M:%S +0000}] "POST /score HTTP/1.0" {status} {size} "-" "{agent}"'


def _span(duration: timedelta) -> str:
    """`00:00:00.012`, as the server writes a duration into customDimensions."""
    minutes, seconds = divmod(round(duration / timedelta(seconds=1), 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    days, hours = divmod(hours, 24)
    return f"{f'{days}.' if days else ''}{hours:02d}:{minutes:02d}:{seconds:06.3f}"
