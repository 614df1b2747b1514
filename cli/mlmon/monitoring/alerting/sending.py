"""A report told to the channels that are to hear of it, each once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol

from mlmon.core.errors import Code, ExitCode, MlmonError, Unavailable
from mlmon.core.model import Json
from mlmon.drift.result import DriftReport
from mlmon.monitoring.alerting.deciding import COOLDOWN, Decision, decide, read
from mlmon.monitoring.alerting.mail import Mail
from mlmon.monitoring.alerting.message import Alert
from mlmon.monitoring.alerting.network import Network
from mlmon.monitoring.alerting.slack import Slack
from mlmon.monitoring.alerting.teams import Teams
from mlmon.monitoring.alerting.webhook import Webhook
from mlmon.state import Remembered, alone

_KEY: Final = "alerts"


class Channel(Protocol):
    """A way to tell people. Made from environment variables, so that what is missing is known before any work."""

    @property
    def name(self) -> str:
        """As `--alert` takes it."""

    def preview(self, alert: Alert, now: datetime) -> Json:
        """What `send` would send, with nothing secret in it."""

    def send(self, alert: Alert, now: datetime, *, page: bytes | None) -> str:
        """Done when the other side took it; a remark, or "". Raises `MlmonError` otherwise, with nothing secret in it.

        `page` is the report as HTML, for who can carry it.
        """


_KINDS: Final[Mapping[str, Callable[[Network], Channel]]] = {
    "webhook": Webhook.of,
    "slack": Slack.of,
    "teams": Teams.of,
    "smtp": Mail.of,
}


class AlertFailed(MlmonError):
    """The check was made, and its message did not arrive: partial, or worth trying again where all of it may pass."""

    exit_code = ExitCode.PARTIAL
    code = Code.ALERT_FAILED


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one channel.

    `why` says why it was left `silent`, or remarks on what was `sent`. `preview` is there after a dry run.
    `remembered` is False where the state folder cannot be written: the next run will tell the same again.
    """

    channel: str
    status: Literal["sent", "silent", "failed", "would send"]
    alert: Alert | None = None
    why: str = ""
    preview: Json = None
    error: MlmonError | None = None
    remembered: bool = True


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of all channels, in the order they were named."""

    told: tuple[Told, ...]

    @property
    def remembered(self) -> bool:
        """Whether the next run knows what was sent."""
        return all(each.remembered for each in self.told)

    @property
    def error(self) -> MlmonError | None:
        """All failures as one; None where there was none. To be shown after the verdict, never instead of it."""
        failed = [each for each in self.told if each.error is not None]
        if not failed:
            return None
        said = "; ".join(f"{each.channel}: {each.error.message}" for each in failed if each.error)
        error = AlertFailed(
            f"the alert was not delivered by {said}", hint=failed[0].error.hint if failed[0].error else ""
        )
        if all(isinstance(each.error, Unavailable) for each in failed):
            error.exit_code = ExitCode.UNAVAILABLE
        return error

    def exit_code(self, verdict: ExitCode) -> ExitCode:
        """That of the run: the verdict's own comes first, so that a failed alert never hides drift."""
        return verdict if verdict is not ExitCode.DONE or self.error is None else self.error.exit_code


def channels(
    names: Sequence[str], environ: Mapping[str, str], *, network: Network | None = None
) -> tuple[Channel, ...]:
    """The channels of these names, each once. To be called before the check, so that it is not made in vain.

    Raises:
        UsageError: a variable is missing or wrong. Its value is never shown.
    """
    way = network or Network(environ)
    return tuple(_KINDS[name](way) for name in dict.fromkeys(names))


def tell(
    report: DriftReport,
    to: Sequence[Channel],
    *,
    folder: Path,
    now: datetime,
    workspace: str = "",
    cooldown: timedelta = COOLDOWN,
    page: bytes | None = None,
    dry_run: bool = False,
) -> Delivery:
    """Tell each channel of a report if it is news to it, and remember that in the state folder of `folder`.

    A channel that failed is not remembered as told, so the next run tells it. Runs at the same time wait for each
    other, so that none tells what another one is telling. A dry run sends nothing and remembers nothing. `workspace`
    keeps services of one name apart. Never raises for what a server does; see `Delivery.error`.
    """
    memory = Remembered(folder, key=_KEY)
    telling = _Telling(report, memory, _subject(report, workspace), now, cooldown)
    if dry_run:
        return Delivery(tuple(map(telling.rehearse, to)))
    with alone(folder, f"{_KEY}.lock"):
        return Delivery(tuple(telling.tell(each, page) for each in to))


@dataclass(frozen=True, slots=True)
class _Telling:
    """One report, told by what each channel knows."""

    report: DriftReport
    memory: Remembered
    subject: str
    now: datetime
    cooldown: timedelta

    def tell(self, channel: Channel, page: bytes | None) -> Told:
        """Send what is news to it, and remember that it was taken."""
        decision = self._decide(channel)
        alert, remark = decision.alert, decision.why
        if alert is not None:
            try:
                remark = channel.send(alert, self.now, page=page)
            except MlmonError as error:
                return Told(channel.name, "failed", alert, error=error)
        name, after = self._name(channel.name), decision.after.as_json()
        self.memory.remember({name: after})
        kept = alert is None or self.memory.read().get(name) == after
        return Told(channel.name, "sent" if alert else "silent", alert, why=remark, remembered=kept)

    def rehearse(self, channel: Channel) -> Told:
        """What `tell` would do."""
        decision = self._decide(channel)
        if decision.alert is None:
            return Told(channel.name, "silent", why=decision.why)
        return Told(channel.name, "would send", decision.alert, preview=channel.preview(decision.alert, self.now))

    def _decide(self, channel: Channel) -> Decision:
        known = read(self.memory.read().get(self._name(channel.name)))
        return decide(self.report, known, subject=self.subject, now=self.now, cooldown=self.cooldown)

    def _name(self, channel: str) -> str:
        return f"{self.subject}/{channel}"


def _subject(report: DriftReport, workspace: str) -> str:
    """What a check is about. A file to be checked is another one every day, so only the baseline's name counts."""
    about = [workspace, report.service, report.collection, report.baseline.name]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]
