"""What `drift` does once its report is printed: it tells people, and remembers what was checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmon.core.errors import ExitCode
from mlmon.drift.result import DriftReport
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.alerting.sending import Channel, Told


def channels(session: Session, names: Sequence[str]) -> tuple[Channel, ...]:
    """Who is to be told. Raises `UsageError` for a variable that is missing or wrong."""
    if not names:
        return ()
    from mlmon.monitoring.alerting import sending  # why here: sending takes more to import than two files to compare

    return sending.channels(names, session.world.environ)


@dataclass(frozen=True, slots=True)
class Telling:
    """A report, and who is to be told of it."""

    session: Session
    report: DriftReport
    to: Sequence[Channel]
    workspace: str
    dry_run: bool

    def ended(self, code: ExitCode, remember: Callable[[], None]) -> ExitCode:
        """Tell everyone, and say the exit code. What was not told is not remembered: the next run checks it again."""
        if not self.to:
            remember()
            return code
        from mlmon.drift.page import page  # why here: as above
        from mlmon.monitoring.alerting import sending

        session = self.session
        delivery = sending.tell(
            self.report,
            self.to,
            folder=session.settings.state,
            now=session.now,
            workspace=self.workspace,
            page=page(self.report).encode("utf-8", "backslashreplace"),
            dry_run=self.dry_run,
        )
        for each in delivery.told:
            self._say(each)
        if not delivery.remembered:
            session.terminal.note(
                "the state folder cannot be written: the next run tells the same again", level="warning"
            )
        ended = delivery.exit_code(code)
        if delivery.error:
            session.terminal.error(delivery.error, exit_code=ended)
        elif not self.dry_run:
            remember()
        return ended

    def _say(self, told: Told) -> None:
        if told.status == "failed":
            return  # the error says it
        why = f": {told.why}" if told.why else ""
        self.session.terminal.note(f"alert {told.channel}: {told.status}{why}")
        if told.preview is not None:
            self.session.terminal.note(json.dumps(told.preview, ensure_ascii=False, indent=2))
