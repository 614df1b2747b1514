"""Mail by SMTP: plain text, and the page as an attachment where there is one."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from mlmon.core.errors import Failure, MlmonError, NotAllowed, Unavailable, UsageError
from mlmon.core.model import Json
from mlmon.monitoring.alerting.addresses import is_host, is_loopback, value
from mlmon.monitoring.alerting.message import Alert, lines, title
from mlmon.monitoring.alerting.network import SECONDS_SILENT, Network, TryAgain, unreached

HOST: Final = "MLMON_ALERT_SMTP_HOST"
PORT: Final = "MLMON_ALERT_SMTP_PORT"
SECURITY: Final = "MLMON_ALERT_SMTP_SECURITY"
USER: Final = "MLMON_ALERT_SMTP_USER"
PASSWORD: Final = "MLMON_ALERT_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
FROM: Final = "MLMON_ALERT_SMTP_FROM"
TO: Final = "MLMON_ALERT_SMTP_TO"
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_MOST_READERS: Final = 50
_NAME: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
"""RFC 5322's dot-atom: nothing in it can end a header."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The channel `smtp`. Nothing of it may be shown."""

    host: str = field(repr=False)
    port: int = field(repr=False)
    security: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    sender: str = field(repr=False)
    readers: tuple[str, ...] = field(repr=False)
    network: Network
    name: str = "smtp"

    @classmethod
    def of(cls, network: Network) -> Mail:
        """Raises `UsageError` for a variable that is missing or wrong."""
        environ = network.environ
        security = (environ.get(SECURITY) or "starttls").strip().lower()
        if security not in _PORTS:
            raise UsageError(f"{SECURITY} is none of starttls, tls and none", hint="leave it out for starttls")
        host = value(HOST, environ, hint="set it to the mail server's name")
        if not is_host(host):
            raise UsageError(f"{HOST} does not hold the name of a server", hint="write it without a scheme or a port")
        user, password = environ.get(USER, "").strip(), environ.get(PASSWORD, "")
        if bool(user) != bool(password):
            raise UsageError(f"only one of {USER} and {PASSWORD} is set", hint="set both, or none")
        if security == "none" and user and not is_loopback(host):
            raise UsageError(
                f"{SECURITY} is none, and a password is not sent without TLS", hint="leave it out for starttls"
            )
        sender = _addresses(value(FROM, environ, hint="set it to the sender's address"), FROM)
        readers = _addresses(value(TO, environ, hint="set it to the readers' addresses, with commas between"), TO)
        if len(sender) > 1:
            raise UsageError(f"{FROM} holds more than one address", hint="name one sender")
        return cls(host, _port(environ, security), security, user, password, sender[0], readers, network)

    def preview(self, alert: Alert, now: datetime) -> Json:  # noqa: ARG002 - as the other channels
        """What would be sent, without the addresses."""
        return {"to": TO, "from": FROM, "server": HOST, "subject": title(alert), "text": text_of(alert)}

    def send(self, alert: Alert, now: datetime, *, page: bytes | None) -> str:
        """Done when the server took it; says how many of the readers it refused.

        Raises:
            Unavailable: it may work later.
            NotAllowed: the server does not take the user and password.
            Failure: it will not work.
        """
        message, refused = self._written(alert, now, page), list[str]()
        self.network.patiently(lambda: refused.extend(self._once(message)))
        return f"the mail server refused {len(refused)} of {len(self.readers)} readers (see {TO})" if refused else ""

    def _written(self, alert: Alert, now: datetime, page: bytes | None) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = title(alert)  # one printable line: it cannot end its header
        message["From"] = self.sender
        message["To"] = ", ".join(self.readers)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{alert.id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text_of(alert))
        if page is not None:
            message.add_attachment(page, maintype="text", subtype="html", filename="drift.html")
        return message

    def _once(self, message: EmailMessage) -> list[str]:
        """The readers that were refused, where others were not."""
        session = self._connected()
        try:
            with self.network.ended_in_time(lambda: session.sock):
                return self._hand_over(session, message)
        except smtplib.SMTPException as error:
            raise _refused(error) from None
        except (OSError, ValueError) as error:
            raise unreached(error, HOST) from None
        finally:
            session.close()

    def _connected(self) -> smtplib.SMTP:
        silent, spoken = SECONDS_SILENT, "[127.0.0.1]"  # else the name of this machine is looked up, and told
        try:
            if self.security == "tls":
                context = self.network.certificates()
                return smtplib.SMTP_SSL(self.host, self.port, spoken, timeout=silent, context=context)
            return smtplib.SMTP(self.host, self.port, spoken, timeout=silent)
        except smtplib.SMTPException as error:
            raise _refused(error) from None
        except (OSError, ValueError) as error:
            found = unreached(error, HOST)
            raise (TryAgain(found) if isinstance(found, Unavailable) else found) from None

    def _hand_over(self, session: smtplib.SMTP, message: EmailMessage) -> list[str]:
        if self.security == "starttls":
            session.starttls(context=self.network.certificates())
        if self.user:
            session.login(self.user, self.password)
        refused = session.send_message(message, from_addr=self.sender, to_addrs=list(self.readers))
        with suppress(smtplib.SMTPException, OSError):  # it has the message; how it says goodbye changes nothing
            session.quit()
        return list(refused)


def text_of(alert: Alert) -> str:
    """The mail's text."""
    return "\n".join([title(alert), "", *lines(alert), ""])


def _refused(error: smtplib.SMTPException) -> Exception:
    """Why the server does not take it: by its number alone, for its words may repeat what it was told."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Failure(
            f"the mail server does not offer what is needed of it, as STARTTLS or a login (named by {HOST})",
            hint=f"try {SECURITY}=tls, with the port that belongs to it",
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NotAllowed(
            f"the mail server does not take {USER} and {PASSWORD} (status {error.smtp_code})", hint="check both"
        )
    codes = _codes(error)
    said = f" (status {', '.join(map(str, codes))})" if codes else ""
    found: MlmonError = Failure(f"the mail server refused the message{said}", hint=f"check {FROM} and {TO}")
    if not codes:
        return Unavailable("the mail server broke off", hint="the next run tries it again")
    if all(400 <= code < 500 for code in codes):
        return TryAgain(Unavailable(f"the mail server puts the message off{said}", hint="the next run tries it again"))
    return found


def _codes(error: smtplib.SMTPException) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return sorted({code for code, _ in error.recipients.values()})
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0 else []


def _addresses(text: str, variable: str) -> tuple[str, ...]:
    """Bare addresses, in ASCII; a name beside one (`Ann <ann@example.com>`) is not needed for an alert."""
    found = tuple(each.strip() for each in text.split(",") if each.strip())
    if not found or len(found) > _MOST_READERS or not all(map(_is_address, found)):
        raise UsageError(
            f"{variable} does not hold mail addresses", hint="write them like ann@example.com, with commas"
        )
    return found


def _is_address(text: str) -> bool:
    name, _, host = text.rpartition("@")
    return bool(_NAME.fullmatch(name)) and is_host(host)


def _port(environ: Mapping[str, str], security: str) -> int:
    text = environ.get(PORT, "").strip()
    if not text:
        return _PORTS[security]
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise UsageError(f"{PORT} is not a port", hint=f"leave it out for {_PORTS[security]}")
    return int(text)
