"""What can go wrong, with the exit code and the stable `code` that scripts see."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """Every exit code mlmon uses. README.md carries a copy, compared by a test."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitCode:
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    DONE = 0, "done; also when nothing was found"
    FAILURE = 1, "failed; also when a question was declined (nothing changed)"
    USAGE = 2, "wrong option, argument, setting or query"
    DRIFT = 3, "drift found (only with `--fail-on-drift`)"
    NOT_ALLOWED = 4, "not signed in, or not allowed"
    NOT_FOUND = 5, "not found; no data or stale ones (only with `--fail-on-no-data`)"
    UNAVAILABLE = 6, "service unavailable, throttled or timed out; worth trying again"
    PARTIAL = 7, "partial; some of it failed"
    INTERRUPTED = 130, "interrupted (Ctrl-C)"


class Code(StrEnum):
    """What an error is called in JSON. Part of the contract: a script may compare it, so none changes its meaning."""

    FAILURE = "failure"
    DECLINED = "declined"
    DAMAGED_WORKSPACE = "damaged-workspace"
    FOLDER_UNWRITABLE = "folder-unwritable"
    SCRIPT_FAILED = "script-failed"
    FAULT = "fault"
    USAGE = "usage"
    QUERY = "query"
    NOT_ALLOWED = "not-allowed"
    NOT_FOUND = "not-found"
    NO_WORKSPACE = "no-workspace"
    WORKSPACE_NOT_FOUND = "workspace-not-found"
    NO_SERVICES = "no-services"
    SERVICE_NOT_FOUND = "service-not-found"
    V1_ENDED = "v1-ended"
    UNAVAILABLE = "unavailable"
    ALERT_FAILED = "alert-failed"
    INTERRUPTED = "interrupted"


class MlmonError(Exception):
    """An error a person can act on: one sentence without a full stop, then what to do next."""

    exit_code: ExitCode = ExitCode.FAILURE
    code: Code = Code.FAILURE

    def __init__(self, message: str, *, hint: str = "", code: Code | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class Failure(MlmonError):
    """Something failed that is neither the caller's words nor a passing fault."""


class UsageError(MlmonError):
    """The caller's option, argument, setting or query is wrong."""

    exit_code = ExitCode.USAGE
    code = Code.USAGE


class QueryError(UsageError):
    """A KQL query is wrong, or uses what the engine that runs it does not support."""

    code = Code.QUERY


class DamagedWorkspace(MlmonError):
    """A workspace on disk cannot be trusted; it is left as it was."""

    code = Code.DAMAGED_WORKSPACE


class NotAllowed(MlmonError):
    """Not signed in, or signed in without the role that is needed."""

    exit_code = ExitCode.NOT_ALLOWED
    code = Code.NOT_ALLOWED


class NotFound(MlmonError):
    """What was named does not exist."""

    exit_code = ExitCode.NOT_FOUND
    code = Code.NOT_FOUND


class Unavailable(MlmonError):
    """A service did not answer, throttled or timed out; the same command may work later.

    `retry_after` is the pause in seconds that the service asked for, if it did.
    """

    exit_code = ExitCode.UNAVAILABLE
    code = Code.UNAVAILABLE

    def __init__(
        self, message: str, *, hint: str = "", code: Code | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after = retry_after


class Replaced(Unavailable):
    """A blob is no longer the one that was listed, and not that one grown longer either."""


class Interrupted(MlmonError):
    """The person pressed Ctrl-C."""

    exit_code = ExitCode.INTERRUPTED
    code = Code.INTERRUPTED


def did_you_mean(wrong: str, known: list[str] | tuple[str, ...], *, most: int = 3, cutoff: float = 0.6) -> str:
    """A hint naming the known words nearest to a wrong one, or "" when none is near."""
    from difflib import get_close_matches  # why here: 4 ms that only an error needs

    folded = {word.lower(): word for word in known}
    near = [folded[word] for word in get_close_matches(wrong.lower(), list(folded), n=most, cutoff=cutoff)]
    # a letter or two stand in words that have nothing to do with them
    near += [word for word in known if len(wrong) > 2 and wrong.lower() in word.lower() and word not in near]
    return f"did you mean {' or '.join(repr(word) for word in near[:most])}?" if near else ""
