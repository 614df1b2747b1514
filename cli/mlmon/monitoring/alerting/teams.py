"""Microsoft Teams by a Workflows webhook: an Adaptive Card.

The connectors of Office 365 are retired, and Workflows takes their place:
https://devblogs.microsoft.com/microsoft365dev/retirement-of-office-365-connectors-within-microsoft-teams/
A card is sent as the only attachment of a message:
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
Its text is in RichTextBlocks alone, which know no Markdown:
https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.core.model import Json
from mlmon.monitoring.alerting.addresses import Address, address
from mlmon.monitoring.alerting.message import Alert, lines, title
from mlmon.monitoring.alerting.network import Network
from mlmon.monitoring.alerting.posting import post

URL: Final = "MLMON_ALERT_TEAMS_URL"
_HINT: Final = "set it to the address of a workflow that posts to a channel when a webhook request is received"
_RETIRED: Final = (".webhook.office.com", "outlook.office.com", "outlook.office365.com")
_BREAKS: Final = {"{{": "{\u2009{", "${": "$\u2009{"}
"""A card's functions (`{{DATE(…)}}`) and templates (`${…}`) are told by these, so a thin space goes between."""


@dataclass(frozen=True, slots=True)
class Teams:
    """The channel `teams`."""

    address: Address
    network: Network
    name: str = "teams"

    @classmethod
    def of(cls, network: Network) -> Teams:
        """Raises `UsageError` for a variable that is missing or wrong, or holds a retired connector's address."""
        where = address(URL, network.environ, hint=_HINT)
        if where.host.lower().endswith(_RETIRED):
            raise UsageError(f"{URL} holds the address of an Office 365 connector, which are retired", hint=_HINT)
        return cls(where, network)

    def preview(self, alert: Alert, now: datetime) -> Json:  # noqa: ARG002 - as the other channels
        """What would be sent, without the address."""
        return {"to": URL, "body": card(alert)}

    def send(self, alert: Alert, now: datetime, *, page: bytes | None) -> str:  # noqa: ARG002 - as the other channels
        """Raises as `post`."""
        body = json.dumps(card(alert), allow_nan=False, ensure_ascii=False).encode("utf-8")
        post(self.address, body, headers={}, network=self.network, meanings={})
        return ""


def card(alert: Alert) -> dict[str, Json]:
    """The message: below the 28 KB that Teams takes, for lines and their number are bounded."""
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [
                        _line(title(alert), size="large", weight="bolder"),
                        *(_line(line) for line in lines(alert)),
                    ],
                },
            }
        ],
    }


def _line(text: str, **style: Json) -> dict[str, Json]:
    for mark, broken in _BREAKS.items():
        text = text.replace(mark, broken)
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
