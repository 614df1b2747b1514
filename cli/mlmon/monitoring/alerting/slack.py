"""Slack's incoming webhooks: Block Kit, in which nothing that was read can mention anybody or link anywhere.

https://docs.slack.dev/messaging/formatting-message-text: `&`, `<` and `>` are the characters that control a text, and
stand for themselves as `&amp;`, `&lt;` and `&gt;`. All text is `plain_text`, which has no marks and makes no links.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mlmon.core.model import Json
from mlmon.monitoring.alerting.addresses import Address, address
from mlmon.monitoring.alerting.message import Alert, lines, title
from mlmon.monitoring.alerting.network import Network
from mlmon.monitoring.alerting.posting import post

URL: Final = "MLMON_ALERT_SLACK_URL"
_LONGEST_HEADER: Final = 150
_LONGEST_TEXT: Final = 3000
"""Block Kit's limits, for the header and for a section's text."""
_MEANINGS: Final = {
    "invalid_token": "the webhook is not valid any more",
    "no_active_hooks": "the webhook was switched off",
    "no_service": "the webhook was removed or switched off",
    "no_team": "the Slack workspace is gone",
    "channel_not_found": "its channel is gone",
    "channel_is_archived": "its channel is archived",
    "action_prohibited": "an administrator does not allow it",
    "posting_to_general_channel_denied": "its channel takes no messages of webhooks",
    "invalid_payload": "the message was not understood",
    "invalid_blocks": "the message was not understood",
    "user_not_found": "who set the webhook up is gone",
}
"""https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling-errors"""


@dataclass(frozen=True, slots=True)
class Slack:
    """The channel `slack`."""

    address: Address
    network: Network
    name: str = "slack"

    @classmethod
    def of(cls, network: Network) -> Slack:
        """Raises `UsageError` for a variable that is missing or wrong."""
        return cls(address(URL, network.environ, hint="set it to the incoming webhook of a Slack app"), network)

    def preview(self, alert: Alert, now: datetime) -> Json:  # noqa: ARG002 - as the other channels
        """What would be sent, without the address."""
        return {"to": URL, "body": blocks(alert)}

    def send(self, alert: Alert, now: datetime, *, page: bytes | None) -> str:  # noqa: ARG002 - as the other channels
        """Raises as `post`."""
        body = json.dumps(blocks(alert), allow_nan=False).encode("ascii")
        post(self.address, body, headers={}, network=self.network, meanings=_MEANINGS)
        return ""


def blocks(alert: Alert) -> dict[str, Json]:
    """The message. `text` is what notifications show."""
    head = _whole([title(alert)], _LONGEST_HEADER)
    return {
        "text": head,
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": _plain(head)},
            {"type": "section", "text": _plain(_whole(lines(alert), _LONGEST_TEXT))},
        ],
    }


def _plain(text: str) -> dict[str, Json]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _whole(said: list[str], most: int) -> str:
    """As many lines as fit: cut before they are escaped, so that no `&lt;` is cut in two."""
    text = ""
    for line in map(_escaped, said):
        if text and len(text) + len(line) + 1 > most:
            break
        text = f"{text}\n{line}" if text else line
    if len(text) <= most:
        return text
    short = said[0]
    while len(_escaped(short)) >= most:
        short = short[:-1]
    return f"{_escaped(short)}…"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
