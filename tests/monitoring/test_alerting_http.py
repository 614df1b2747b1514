"""Alerts over real HTTP: what arrives, what is tried again, and that no address ever shows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from drift import reports
from emulators.certificate import Certificate, make_certificate
from mlmon.core.errors import ExitCode, UsageError
from mlmon.monitoring.alerting import CHANNELS
from mlmon.monitoring.alerting.network import Network
from mlmon.monitoring.alerting.sending import Delivery, channels, tell
from monitoring.receivers import Answer, Receiver, receiving, speaking

NOW = datetime(2026, 4, 1, 6, 30, tzinfo=UTC)
URLS = {
    "webhook": "MLMON_ALERT_WEBHOOK_URL",
    "slack": "MLMON_ALERT_SLACK_URL",
    "teams": "MLMON_ALERT_TEAMS_URL",
}
SECRETS = ("s3cr3t", "t0k3n", "127.0.0.1")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def told(
    folder: Path, environ: Mapping[str, str], *, to: Sequence[str] = ("webhook",), slept: list[float] | None = None
) -> Delivery:
    """One run."""
    pauses: list[float] = [] if slept is None else slept
    way = Network(environ, sleep=pauses.append)
    return tell(reports.small(), channels(to, environ, network=way), folder=folder, now=NOW)


def failure(delivery: Delivery) -> tuple[str, ExitCode]:
    error = delivery.error
    assert error
    shown = f"{error!r} {error.message} {error.hint} {delivery!r}"
    assert not [each for each in SECRETS if each in shown]
    return error.message.removeprefix("the alert was not delivered by webhook: "), error.exit_code


def test_a_webhook_gets_a_signed_document(tmp_path: Path) -> None:
    secret = base64.b64encode(b"twenty-four bytes of key").decode()
    with receiving() as receiver:
        environ = {URLS["webhook"]: receiver.url(), "MLMON_ALERT_WEBHOOK_SECRET": f"whsec_{secret}"}
        delivery = told(tmp_path, environ)
    (posted,) = receiver.posted
    document: Any = json.loads(posted.body)
    headers = posted.headers
    signed = f"{document['id']}.{int(NOW.timestamp())}.".encode() + posted.body
    expected = base64.b64encode(hmac.digest(b"twenty-four bytes of key", signed, hashlib.sha256)).decode()
    assert (delivery.error, delivery.told[0].status) == (None, "sent")
    assert (posted.path, headers["Content-Type"]) == ("/hook/s3cr3t?sig=t0k3n", "application/json; charset=utf-8")
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (document["id"], str(int(NOW.timestamp())))
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert (document["verdict"], document["service"]) == ("drift", "churn/blue")


def test_without_a_secret_nothing_is_signed(tmp_path: Path) -> None:
    with receiving() as receiver:
        told(tmp_path, {URLS["webhook"]: receiver.url()})
    assert "webhook-signature" not in receiver.posted[0].headers


@pytest.mark.parametrize("channel", ["slack", "teams"])
def test_a_chat_gets_its_own_kind_of_message(tmp_path: Path, channel: str) -> None:
    with receiving(Answer(202)) as receiver:
        delivery = told(tmp_path, {URLS[channel]: receiver.url()}, to=[channel])
    assert delivery.error is None
    body = json.loads(receiver.posted[0].body)
    assert "churn/blue: drift" in json.dumps(body)
    assert ("blocks" in body, "attachments" in body) == (channel == "slack", channel == "teams")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_tried_again(tmp_path: Path, status: int) -> None:
    slept: list[float] = []
    with receiving(Answer(status), Answer(status), Answer(204)) as receiver:
        delivery = told(tmp_path, {URLS["webhook"]: receiver.url()}, slept=slept)
    assert (delivery.error, len(receiver.posted), len(slept)) == (None, 3, 2)
    assert 1 <= slept[0] <= 2 <= slept[1] <= 4
    assert len({each.headers["webhook-id"] for each in receiver.posted}) == 1


def test_a_pause_that_is_asked_for_is_kept(tmp_path: Path) -> None:
    slept: list[float] = []
    with receiving(Answer(429, {"Retry-After": "7"})) as receiver:
        told(tmp_path, {URLS["webhook"]: receiver.url()}, slept=slept)
    assert (slept, len(receiver.posted)) == ([7.0], 2)


def test_a_pause_may_be_asked_for_by_a_date(tmp_path: Path) -> None:
    slept: list[float] = []
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    with receiving(Answer(503, {"Retry-After": until})) as receiver:
        told(tmp_path, {URLS["webhook"]: receiver.url()}, slept=slept)
    assert 10 < slept[0] <= 20
    assert len(receiver.posted) == 2


@pytest.mark.parametrize("asked", ["3600", "999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_that_is_too_long_is_left_to_the_next_run(tmp_path: Path, asked: str) -> None:
    slept: list[float] = []
    answers = [Answer(429, {"Retry-After": asked})] * 9
    with receiving(*answers) as receiver:
        delivery = told(tmp_path, {URLS["webhook"]: receiver.url()}, slept=slept)
    said = "the server that MLMON_ALERT_WEBHOOK_URL names asks for a pause (status 429)"
    assert failure(delivery) == (said, ExitCode.UNAVAILABLE)
    assert sum(slept) <= 30


def test_trying_ends(tmp_path: Path) -> None:
    with receiving(*[Answer(500)] * 99) as receiver:
        delivery = told(tmp_path, {URLS["webhook"]: receiver.url()})
    said = "the server that MLMON_ALERT_WEBHOOK_URL names is not able to take the message (status 500)"
    assert (failure(delivery), len(receiver.posted)) == ((said, ExitCode.UNAVAILABLE), 4)


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with receiving() as elsewhere, receiving(Answer(307, {"Location": elsewhere.url()})) as receiver:
        delivery = told(tmp_path, {URLS["webhook"]: receiver.url()})
    said = "the server that MLMON_ALERT_WEBHOOK_URL names answers with a redirect (status 307), and none is followed"
    assert failure(delivery) == (said, ExitCode.PARTIAL)
    assert (len(receiver.posted), elsewhere.posted) == (1, [])


def test_an_answer_with_the_address_in_it_is_not_shown(tmp_path: Path) -> None:
    with receiving(Answer(404, {"X-Asked": "s3cr3t"}, "no such hook: /hook/s3cr3t?sig=t0k3n")) as receiver:
        delivery = told(tmp_path, {URLS["webhook"]: receiver.url()})
    said = "the server that MLMON_ALERT_WEBHOOK_URL names refused the message (status 404)"
    assert failure(delivery) == (said, ExitCode.PARTIAL)


def test_what_slack_documents_is_explained(tmp_path: Path) -> None:
    with receiving(Answer(410, {}, "channel_is_archived")) as receiver:
        delivery = told(tmp_path, {URLS["slack"]: receiver.url()}, to=["slack"])
    said, _ = failure(delivery)
    assert said.endswith("refused the message (status 410: its channel is archived)")


def test_tls_is_checked_against_the_named_authority(tmp_path: Path, certificate: Certificate) -> None:
    with receiving(certificate=certificate) as receiver:
        environ = {URLS["webhook"]: receiver.url()}
        stranger = told(tmp_path, environ)
        friend = told(tmp_path, {**environ, "REQUESTS_CA_BUNDLE": str(certificate.authority)})
    said = "the certificate of the server that MLMON_ALERT_WEBHOOK_URL names is not trusted"
    assert failure(stranger) == (said, ExitCode.PARTIAL)
    assert (friend.error, len(receiver.posted)) == (None, 1)


def test_a_bundle_that_cannot_be_read_is_said(tmp_path: Path, certificate: Certificate) -> None:
    with receiving(certificate=certificate) as receiver:
        environ = {URLS["webhook"]: receiver.url(), "REQUESTS_CA_BUNDLE": str(tmp_path / "none.pem")}
        delivery = told(tmp_path, environ)
    said = "the certificates that REQUESTS_CA_BUNDLE names cannot be read"
    assert failure(delivery) == (said, ExitCode.PARTIAL)


def test_nobody_there_is_tried_again_and_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    slept: list[float] = []
    delivery = told(tmp_path, {URLS["webhook"]: f"http://127.0.0.1:{port}/s3cr3t"}, slept=slept)
    said = "the server that MLMON_ALERT_WEBHOOK_URL names refuses connections"
    assert failure(delivery) == (said, ExitCode.UNAVAILABLE)
    assert len(slept) == 3


UNANSWERED = "the server that MLMON_ALERT_WEBHOOK_URL names did not answer: the message may have arrived, or not"


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1", b"SSH-2.0-hello\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200, b"\xff" * 70_000],
    ids=["nothing", "half", "another protocol", "many headers", "one long line"],
)
def test_an_answer_that_is_none_is_not_waited_for_twice(tmp_path: Path, answer: bytes) -> None:
    connections: list[None] = []

    def talk(line: socket.socket) -> None:
        connections.append(None)
        line.recv(65536)
        line.sendall(answer)

    with speaking(talk) as port:
        delivery = told(tmp_path, {URLS["webhook"]: f"http://127.0.0.1:{port}/s3cr3t"})
    assert failure(delivery) == (UNANSWERED, ExitCode.UNAVAILABLE)
    assert len(connections) == 1


@pytest.mark.parametrize("drips", [True, False])
def test_a_server_that_is_slow_for_ever_is_given_up(
    tmp_path: Path,
    drips: bool,  # noqa: FBT001 - pytest hands it over by name
) -> None:
    def talk(line: socket.socket) -> None:
        line.recv(65536)
        while True:
            line.sendall(b"H" if drips else b"")
            time.sleep(0.05)

    began = time.monotonic()
    with speaking(talk) as port:
        environ = {URLS["webhook"]: f"http://127.0.0.1:{port}/s3cr3t"}
        made = channels(["webhook"], environ, network=Network(environ, longest=0.5))
        delivery = tell(reports.small(), made, folder=tmp_path, now=NOW)
    assert failure(delivery) == (UNANSWERED, ExitCode.UNAVAILABLE)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("credentials", ["", "ann:p4ss%40word@"])
def test_a_proxy_is_asked_for_a_tunnel(tmp_path: Path, credentials: str) -> None:
    asked: list[str] = []

    def talk(line: socket.socket) -> None:
        asked.append(line.recv(65536).decode())
        line.sendall(b"HTTP/1.1 403 s3cr3t\r\n\r\n")

    with speaking(talk) as port:
        environ = {
            URLS["webhook"]: "https://hooks.example/s3cr3t",
            "HTTPS_PROXY": f"http://{credentials}127.0.0.1:{port}",
        }
        delivery = told(tmp_path, environ)
        direct = Network({**environ, "NO_PROXY": ".example"}).proxy("hooks.example")
    assert direct is None
    assert failure(delivery)[1] is ExitCode.UNAVAILABLE
    head, *headers = asked[0].split("\r\n")
    assert head.startswith("CONNECT hooks.example:443 HTTP/1.")
    basic = f"Proxy-Authorization: Basic {base64.b64encode(b'ann:p4ss@word').decode()}"
    assert (basic in headers) == bool(credentials)
    assert "s3cr3t" not in asked[0]


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "https://proxy.example", "http://:99999", "http://a b"])
def test_a_proxy_that_cannot_be_used_is_said(tmp_path: Path, proxy: str) -> None:
    delivery = told(tmp_path, {URLS["webhook"]: "https://hooks.example/s3cr3t", "https_proxy": proxy})
    assert failure(delivery) == ("HTTPS_PROXY does not name an HTTP proxy", ExitCode.PARTIAL)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "is not set"),
        ("  ", "is not set"),
        ("s3cr3t", "does not hold an address"),
        ("https://", "does not hold an address"),
        ("https://[s3cr3t", "does not hold an address"),
        ("https://h:s3cr3t/", "does not hold an address"),
        ("https://h/s3cr3t\r\nX: y", "does not hold an address"),
        ("https://h/s3cr3t with blanks", "does not hold an address"),
        ("https://h/s3cr3t#part", "does not hold an address"),
        ("https://h/s3cr3t" + "x" * 5000, "does not hold an address"),
        ("https://ü.example/s3cr3t", "does not hold an address"),
        ("https://ann:s3cr3t@h/", "holds a user name or a password"),
        ("http://hooks.example/s3cr3t", "does not hold an https address"),
        ("http://127.0.0.1.example/s3cr3t", "does not hold an https address"),
        ("ftp://127.0.0.1/s3cr3t", "does not hold an https address"),
        ("file:///s3cr3t", "does not hold an address"),
    ],
)
@pytest.mark.parametrize("channel", list(URLS))
def test_a_wrong_address_is_told_by_its_variable_alone(channel: str, text: str, wrong: str) -> None:
    with pytest.raises(UsageError) as raised:
        channels([channel], {URLS[channel]: text})
    assert raised.value.message == f"{URLS[channel]} {wrong}"
    assert "s3cr3t" not in f"{raised.value!r} {raised.value.hint} {raised.value.__context__}"


@pytest.mark.parametrize(
    "text", ["http://localhost:8080/x", "http://127.9.9.9/x", "http://[::1]:80/x", "https://[::1]/"]
)
def test_this_machine_needs_no_tls(text: str) -> None:
    (channel,) = channels(["webhook"], {URLS["webhook"]: text})
    assert channel.name == "webhook"


def test_a_retired_connector_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        channels(["teams"], {URLS["teams"]: "https://acme.webhook.office.com/webhookb2/s3cr3t"})
    assert raised.value.message == (
        "MLMON_ALERT_TEAMS_URL holds the address of an Office 365 connector, which are retired"
    )


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!"])
def test_half_a_signing_secret_is_refused(secret: str) -> None:
    with pytest.raises(UsageError) as raised:
        channels(["webhook"], {URLS["webhook"]: "https://h/", "MLMON_ALERT_WEBHOOK_SECRET": secret})
    assert raised.value.message == "what MLMON_ALERT_WEBHOOK_SECRET holds behind whsec_ is not base64"


def test_no_channel_shows_what_it_was_given() -> None:
    environ = {
        **dict.fromkeys(URLS.values(), "https://h0st.example/s3cr3t"),
        "MLMON_ALERT_WEBHOOK_SECRET": "s3cr3t",
        "MLMON_ALERT_SMTP_HOST": "h0st.example",
        "MLMON_ALERT_SMTP_USER": "us3r",
        "MLMON_ALERT_SMTP_PASSWORD": "s3cr3t",
        "MLMON_ALERT_SMTP_FROM": "fr0m@h0st.example",
        "MLMON_ALERT_SMTP_TO": "t0@h0st.example",
        "HTTPS_PROXY": "http://us3r:s3cr3t@h0st.example",
    }
    made = channels(CHANNELS, environ)
    shown = repr(made)
    assert not [each for each in ("s3cr3t", "h0st", "us3r", "fr0m", "t0@") if each in shown]


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    with receiving() as receiver:
        environ = {**dict.fromkeys(URLS.values(), receiver.url()), "MLMON_ALERT_WEBHOOK_SECRET": "s3cr3t-key"}
        made = channels(list(URLS), environ)
        delivery = tell(reports.small(), made, folder=tmp_path, now=NOW, dry_run=True)
    previews: list[Any] = [each.preview for each in delivery.told]
    assert [(each.channel, each.status) for each in delivery.told] == [(name, "would send") for name in URLS]
    assert [each["to"] for each in previews] == list(URLS.values())
    assert previews[0]["headers"]["webhook-signature"] == "***"
    assert not [each for each in SECRETS if each in json.dumps(previews)]
    assert (receiver.posted, list(tmp_path.iterdir())) == ([], [])


def run(folder: Path, receiver: Receiver, at: datetime, *, workspace: str = "", service: str = "churn") -> list[str]:
    """One run of cron: what became of it."""
    environ = {URLS["webhook"]: receiver.url()}
    report = replace(reports.small(), service=service)
    made = channels(["webhook"], environ, network=Network(environ, sleep=lambda _: None))
    return [each.status for each in tell(report, made, folder=folder, now=at, workspace=workspace).told]


def test_the_next_run_tells_nothing_twice(tmp_path: Path) -> None:
    with receiving() as receiver:
        runs = [run(tmp_path, receiver, NOW + timedelta(hours=each)) for each in range(3)]
    assert (runs, len(receiver.posted)) == ([["sent"], ["silent"], ["silent"]], 1)


def test_a_message_that_failed_is_told_by_the_next_run_under_its_own_id(tmp_path: Path) -> None:
    with receiving(Answer(404)) as receiver:
        runs = [run(tmp_path, receiver, NOW + timedelta(hours=each)) for each in range(3)]
    assert runs == [["failed"], ["sent"], ["silent"]]
    assert len({each.headers["webhook-id"] for each in receiver.posted}) == 1


def test_workspaces_and_services_are_told_apart(tmp_path: Path) -> None:
    with receiving() as receiver:
        run(tmp_path, receiver, NOW, workspace="one")
        assert run(tmp_path, receiver, NOW, workspace="two") == ["sent"]
        assert run(tmp_path, receiver, NOW, workspace="two", service="other") == ["sent"]
        assert run(tmp_path, receiver, NOW, workspace="one") == ["silent"]


def test_one_channel_that_fails_does_not_hold_up_another(tmp_path: Path) -> None:
    with receiving(Answer(403)) as broken, receiving() as receiver:
        environ = {URLS["slack"]: broken.url(), URLS["webhook"]: receiver.url()}
        first = told(tmp_path, environ, to=["slack", "webhook", "slack"])
        again = told(tmp_path, environ, to=["slack", "webhook"])
    assert [each.status for each in first.told] == ["failed", "sent"]
    assert [each.status for each in again.told] == ["sent", "silent"]
    assert first.error
    assert first.error.code == "alert-failed"


def test_a_failed_alert_never_hides_the_verdict(tmp_path: Path) -> None:
    with receiving(Answer(404)) as receiver:
        delivery = told(tmp_path, {URLS["webhook"]: receiver.url()})
    codes = [delivery.exit_code(each) for each in (ExitCode.DONE, ExitCode.DRIFT, ExitCode.NOT_FOUND)]
    assert codes == [ExitCode.PARTIAL, ExitCode.DRIFT, ExitCode.NOT_FOUND]
    assert Delivery(()).exit_code(ExitCode.DONE) is ExitCode.DONE


def test_runs_at_the_same_time_tell_it_once(tmp_path: Path) -> None:
    with receiving() as receiver, ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: run(tmp_path, receiver, NOW), range(4)))
    assert sorted(runs) == [["sent"], ["silent"], ["silent"], ["silent"]]
    assert len(receiver.posted) == 1


def test_where_nothing_can_be_remembered_that_is_known(tmp_path: Path) -> None:
    (tmp_path / ".mlmon").write_text("in the way")
    with receiving() as receiver:
        delivery = told(tmp_path, {URLS["webhook"]: receiver.url()})
    assert (delivery.remembered, delivery.told[0].status) == (False, "sent")


def test_nothing_secret_is_in_the_state_folder(tmp_path: Path) -> None:
    with receiving() as receiver:
        told(tmp_path, {URLS["webhook"]: receiver.url(), "MLMON_ALERT_WEBHOOK_SECRET": "s3cr3t-key"})
    written = [each.read_text() for each in (tmp_path / ".mlmon").iterdir() if each.is_file()]
    assert written
    assert not [each for each in SECRETS for text in written if each in text]
