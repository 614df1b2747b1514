"""Alerts by real SMTP: encrypted unless told otherwise, and nothing in them can become a header."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drift import reports
from emulators.certificate import Certificate, make_certificate
from mlmon.core.errors import ExitCode, UsageError
from mlmon.drift.result import DriftReport
from mlmon.monitoring.alerting import VARIABLES
from mlmon.monitoring.alerting.network import Network
from mlmon.monitoring.alerting.sending import Delivery, channels, tell
from monitoring.receivers import PostOffice, plain_login, post_office

NOW = datetime(2026, 4, 1, 6, 30, tzinfo=UTC)
PASSWORD = "p4ss word"
REPORT = replace(reports.small(), intervals=())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def sent(
    folder: Path, office: PostOffice, report: DriftReport = REPORT, *, page: bytes | None = None, **given: str
) -> Delivery:
    """One run with this post office."""
    environ = {
        "MLMON_ALERT_SMTP_HOST": "127.0.0.1",
        "MLMON_ALERT_SMTP_PORT": str(office.port),
        "MLMON_ALERT_SMTP_FROM": "mlmon@example.com",
        "MLMON_ALERT_SMTP_TO": "ann@example.com, bob@example.com",
        **({"REQUESTS_CA_BUNDLE": str(office.certificate.authority)} if office.certificate else {}),
        **{f"MLMON_ALERT_SMTP_{name.upper()}": text for name, text in given.items()},
    }
    made = channels(["smtp"], environ, network=Network(environ, sleep=lambda _: None))
    return tell(report, made, folder=folder, now=NOW, page=page)


def failure(delivery: Delivery) -> tuple[str, ExitCode]:
    error = delivery.error
    assert error
    assert not [each for each in (PASSWORD, "ann@", "us3r") if each in f"{error!r} {error.hint} {delivery!r}"]
    return error.message.removeprefix("the alert was not delivered by smtp: "), error.exit_code


def test_a_mail_is_sent_by_starttls_with_a_login(tmp_path: Path, certificate: Certificate) -> None:
    with post_office(PostOffice(certificate)) as office:
        delivery = sent(tmp_path, office, user="us3r", password=PASSWORD)
    assert delivery.error is None
    assert office.heard == [
        "ehlo [127.0.0.1]",
        "STARTTLS",
        "ehlo [127.0.0.1]",
        plain_login("us3r", PASSWORD),
        "mail FROM:<mlmon@example.com>",
        "rcpt TO:<ann@example.com>",
        "rcpt TO:<bob@example.com>",
        "data",
        "quit",
    ]
    (mail,) = office.mails
    assert (mail["Subject"], mail["From"]) == ("churn/blue: drift", "mlmon@example.com")
    assert (mail["To"], mail["Auto-Submitted"]) == ("ann@example.com, bob@example.com", "auto-generated")
    assert mail["Date"] == "Wed, 01 Apr 2026 06:30:00 +0000"
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().startswith("churn/blue: drift\r\n\r\n2026-01-01 to 2026-01-06 UTC: drift;")


def test_a_page_is_attached(tmp_path: Path, certificate: Certificate) -> None:
    page = "<!doctype html><title>ü</title>".encode()
    with post_office(PostOffice(certificate)) as office:
        assert sent(tmp_path, office, page=page).error is None
    (attached,) = office.mails[0].iter_attachments()
    content: Any = attached.get_payload(decode=True)
    assert (attached.get_content_type(), attached.get_filename(), content) == ("text/html", "drift.html", page)


def test_tls_from_the_beginning(tmp_path: Path, certificate: Certificate) -> None:
    with post_office(PostOffice(certificate, tls_at_once=True)) as office:
        assert sent(tmp_path, office, security="tls").error is None
    assert len(office.mails) == 1


def test_without_tls_only_where_it_is_asked_for(tmp_path: Path) -> None:
    with post_office(PostOffice()) as office:
        refused = failure(sent(tmp_path, office))
        assert office.mails == []
        assert sent(tmp_path, office, security="none").error is None
    assert refused == (
        "the mail server does not offer what is needed of it, as STARTTLS or a login (named by MLMON_ALERT_SMTP_HOST)",
        ExitCode.PARTIAL,
    )
    assert len(office.mails) == 1


@pytest.mark.parametrize(("security", "at_once"), [("starttls", False), ("tls", True)])
def test_a_certificate_of_a_stranger_is_not_trusted(
    tmp_path: Path,
    certificate: Certificate,
    security: str,
    at_once: bool,  # noqa: FBT001 - pytest hands it over by name
) -> None:
    with post_office(PostOffice(certificate, tls_at_once=at_once)) as office:
        stranger = make_certificate(tmp_path)
        office.certificate, shown = stranger, certificate
        environ_bundle = str(shown.authority)
        delivery = _with_bundle(tmp_path, office, environ_bundle, security)
    said = "the certificate of the server that MLMON_ALERT_SMTP_HOST names is not trusted"
    assert failure(delivery) == (said, ExitCode.PARTIAL)
    assert office.mails == []


def _with_bundle(folder: Path, office: PostOffice, bundle: str, security: str) -> Delivery:
    environ = {
        "MLMON_ALERT_SMTP_HOST": "127.0.0.1",
        "MLMON_ALERT_SMTP_PORT": str(office.port),
        "MLMON_ALERT_SMTP_FROM": "mlmon@example.com",
        "MLMON_ALERT_SMTP_TO": "ann@example.com",
        "MLMON_ALERT_SMTP_SECURITY": security,
        "REQUESTS_CA_BUNDLE": bundle,
    }
    return tell(REPORT, channels(["smtp"], environ), folder=folder, now=NOW)


def test_no_name_can_add_a_header_or_end_the_mail(tmp_path: Path) -> None:
    evil = "x\r\nBcc: all@example.com\r\n\r\n.\r\nQUIT"
    known = reports.with_names(REPORT, [evil] * 4)
    with post_office(PostOffice()) as office:
        assert sent(tmp_path, office, known, security="none").error is None
    (mail,) = office.mails
    assert sorted(mail.keys()) == sorted([
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    ])  # fmt: skip
    assert mail["Subject"] == "x\ufffd\ufffdBcc: all@example.com\ufffd\ufffd\ufffd\ufffd.\ufffd\ufffdQUIT: drift"
    assert [line for line in office.heard if line.startswith("rcpt")] == [
        "rcpt TO:<ann@example.com>",
        "rcpt TO:<bob@example.com>",
    ]


def test_hostile_columns_of_all_kinds_can_be_mailed(tmp_path: Path) -> None:
    with post_office(PostOffice()) as office:
        assert sent(tmp_path, office, replace(reports.hostile(), intervals=()), security="none").error is None
    assert len(office.mails) == 1


def test_what_the_server_puts_off_is_tried_again(tmp_path: Path) -> None:
    with post_office(PostOffice(replies={"MAIL": deque(["451 later", "421 busy"])})) as office:
        assert sent(tmp_path, office, security="none").error is None
    assert len(office.mails) == 1


def test_what_it_puts_off_for_long_is_left_to_the_next_run(tmp_path: Path) -> None:
    with post_office(PostOffice(replies={"RCPT": deque(["450 later"] * 99)})) as office:
        delivery = sent(tmp_path, office, security="none")
    assert failure(delivery) == ("the mail server puts the message off (status 450)", ExitCode.UNAVAILABLE)
    assert len([line for line in office.heard if line.startswith("mail")]) == 4


@pytest.mark.parametrize(
    ("verb", "reply", "said", "code"),
    [
        ("MAIL", "550 ann@example.com is unknown", "the mail server refused the message (status 550)", 7),
        ("RCPT", "550 no ann@example.com", "the mail server refused the message (status 550)", 7),
        ("DATA", "554 us3r is spam", "the mail server refused the message (status 554)", 7),
        ("EHLO", "no number", "the mail server broke off", 6),
    ],
)
def test_what_it_refuses_is_told_by_its_number(tmp_path: Path, verb: str, reply: str, said: str, code: int) -> None:
    with post_office(PostOffice(replies={verb: deque([reply] * 9), "HELO": deque([reply] * 9)})) as office:
        delivery = sent(tmp_path, office, security="none")
    assert failure(delivery) == (said, code)


def test_a_wrong_password_is_said_without_it(tmp_path: Path, certificate: Certificate) -> None:
    replies = {"AUTH": deque([f"535 {PASSWORD} is wrong for us3r"] * 9)}
    with post_office(PostOffice(certificate, replies=replies)) as office:
        delivery = sent(tmp_path, office, user="us3r", password=PASSWORD)
    said = "the mail server does not take MLMON_ALERT_SMTP_USER and MLMON_ALERT_SMTP_PASSWORD (status 535)"
    assert failure(delivery) == (said, ExitCode.PARTIAL)


def test_one_reader_who_is_refused_does_not_keep_it_from_the_others(tmp_path: Path) -> None:
    with post_office(PostOffice(replies={"RCPT": deque(["550 no"])})) as office:
        delivery = sent(tmp_path, office, security="none")
    assert (delivery.error, delivery.told[0].status) == (None, "sent")
    assert delivery.told[0].why == "the mail server refused 1 of 2 readers (see MLMON_ALERT_SMTP_TO)"


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with post_office(PostOffice()) as office:
        pass
    delivery = sent(tmp_path, office, security="none")
    said = "the server that MLMON_ALERT_SMTP_HOST names refuses connections"
    assert failure(delivery) == (said, ExitCode.UNAVAILABLE)


def test_a_dry_run_shows_the_mail_without_addresses(tmp_path: Path) -> None:
    environ = {
        "MLMON_ALERT_SMTP_HOST": "127.0.0.1",
        "MLMON_ALERT_SMTP_FROM": "mlmon@example.com",
        "MLMON_ALERT_SMTP_TO": "ann@example.com",
    }
    (told,) = tell(REPORT, channels(["smtp"], environ), folder=tmp_path, now=NOW, dry_run=True).told
    preview: Any = told.preview
    text = preview.pop("text")
    assert preview == {
        "to": "MLMON_ALERT_SMTP_TO",
        "from": "MLMON_ALERT_SMTP_FROM",
        "server": "MLMON_ALERT_SMTP_HOST",
        "subject": "churn/blue: drift",
    }
    assert "@" not in text


GOOD = {"HOST": "mail.example", "FROM": "a@example.com", "TO": "b@example.com"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"HOST": ""}, "MLMON_ALERT_SMTP_HOST is not set"),
        ({"HOST": "smtp://s3cr3t"}, "MLMON_ALERT_SMTP_HOST does not hold the name of a server"),
        ({"HOST": "s3cr3t\r\nx"}, "MLMON_ALERT_SMTP_HOST does not hold the name of a server"),
        ({"PORT": "s3cr3t"}, "MLMON_ALERT_SMTP_PORT is not a port"),
        ({"PORT": "0"}, "MLMON_ALERT_SMTP_PORT is not a port"),
        ({"PORT": "65536"}, "MLMON_ALERT_SMTP_PORT is not a port"),
        ({"SECURITY": "s3cr3t"}, "MLMON_ALERT_SMTP_SECURITY is none of starttls, tls and none"),
        ({"USER": "s3cr3t"}, "only one of MLMON_ALERT_SMTP_USER and MLMON_ALERT_SMTP_PASSWORD is set"),
        (
            {"USER": "u", "PASSWORD": "s3cr3t", "SECURITY": "none"},
            "MLMON_ALERT_SMTP_SECURITY is none, and a password is not sent without TLS",
        ),
        ({"FROM": ""}, "MLMON_ALERT_SMTP_FROM is not set"),
        ({"FROM": "a@example.com,b@example.com"}, "MLMON_ALERT_SMTP_FROM holds more than one address"),
        *(
            ({"TO": text}, "MLMON_ALERT_SMTP_TO does not hold mail addresses")
            for text in (
                "s3cr3t", "a@", "@b", "a@b@c d", "a b@c", "a@b\r\nBcc: s3cr3t@c", ",", "Ann <s3cr3t@c>", "ü@b", "a@b>x",
            )
        ),
    ],
)  # fmt: skip
def test_wrong_settings_are_told_by_their_variable_alone(given: dict[str, str], said: str) -> None:
    environ = {f"MLMON_ALERT_SMTP_{name}": text for name, text in {**GOOD, **given}.items()}
    with pytest.raises(UsageError) as raised:
        channels(["smtp"], environ)
    assert raised.value.message == said
    assert "s3cr3t" not in f"{raised.value!r} {raised.value.hint}"


def test_what_is_optional_may_be_empty_as_unset_secrets_of_a_runner_are() -> None:
    optional = dict.fromkeys(VARIABLES["smtp"].optional, "")
    (mail,) = channels(["smtp"], {**{f"MLMON_ALERT_SMTP_{name}": text for name, text in GOOD.items()}, **optional})
    assert (mail.name, getattr(mail, "port", 0), getattr(mail, "security", "")) == ("smtp", 587, "starttls")
