"""Long-running operations: begun now, finished when they have been asked after often enough."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from emulators.messages import Answer

SUCCEEDED: Final = "Succeeded"
_FAILED: Final = {
    "code": "BadArgument",
    "message": "User container has crashed or terminated: the scoring script raised an error in init().",
}


@dataclass(frozen=True, slots=True)
class Course:
    """How operations go: `InProgress` for so many questions (None: for ever), then the status, with its error."""

    polls: int | None = 1
    status: str = SUCCEEDED
    error: dict[str, Any] = field(default_factory=lambda: dict(_FAILED))
    retry_after: float = 0.02
    """What a client is told to wait, in seconds. The real service says 10 to 600."""


@dataclass(slots=True)
class Operation:
    """One operation. `finish` gets the final status, once."""

    id: str
    course: Course
    left: int | None
    finish: Callable[[str], None]
    result: Callable[[], Answer]
    status: str = "InProgress"

    def poll(self) -> None:
        if self.status != "InProgress" or self.left is None:
            return
        if self.left > 0:
            self.left -= 1
            return
        self.end()

    def end(self) -> None:
        """Finish now."""
        if self.status == "InProgress":
            self.status = self.course.status
            self.finish(self.status)


class Operations:
    """Every operation so far, and how those begun from now on go."""

    def __init__(self) -> None:
        self.course = Course()
        self._all: dict[str, Operation] = {}

    @contextmanager
    def going(
        self,
        *,
        polls: int | None = 1,
        status: str = SUCCEEDED,
        error: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> Iterator[None]:
        """For a while, operations begin with this course: `with azure.operations.going(status="Failed"): …`."""
        before = self.course
        wait = before.retry_after if retry_after is None else retry_after
        self.course = Course(polls, status, error or dict(_FAILED), wait)
        try:
            yield
        finally:
            self.course = before

    def finish(self) -> None:
        """End whatever still runs, as its course says: what time does for a client that does not wait."""
        for operation in list(self._all.values()):
            operation.end()

    def begin(self, finish: Callable[[str], None], *, result: Callable[[], Answer]) -> Operation:
        """Start one; `finish` is called with its final status, and `result` makes the answer that is waited for."""
        operation = Operation(f"od:{uuid.uuid4()}", self.course, self.course.polls, finish, result)
        self._all[operation.id] = operation
        return operation

    def status(self, id_: str, *, path: str) -> Answer | None:
        """The answer of `mfeOperationsStatus`, or None for an unknown id."""
        operation = self._all.get(id_)
        if operation is None:
            return None
        operation.poll()
        document: dict[str, Any] = {"id": path, "name": id_, "status": operation.status}
        if operation.status == "InProgress":
            return Answer.json(document).having(**self.wait(operation))
        if operation.status != SUCCEEDED:
            document["error"] = operation.course.error
        return Answer.json(document)

    def outcome(self, id_: str, *, location: str) -> Answer | None:
        """The answer of `mfeOperationResults`: 202 until it is done, then the result."""
        operation = self._all.get(id_)
        if operation is None:
            return None
        operation.poll()
        if operation.status == "InProgress":
            return Answer(202).having(Location=location, **self.wait(operation))
        if operation.status != SUCCEEDED:
            return Answer.json({"error": operation.course.error}, 400)
        return operation.result()

    def wait(self, operation: Operation) -> dict[str, str]:
        """How long to wait: in the usual header where it is whole seconds, else in the one of milliseconds."""
        seconds = operation.course.retry_after
        if seconds >= 1 and seconds == int(seconds):
            return {"Retry_After": f"{seconds:g}"}
        return {"x_ms_retry_after_ms": f"{seconds * 1000:g}"}
