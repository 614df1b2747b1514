"""Telling people of drift: one message when the verdict of a check changes."""

from mlmon.monitoring.alerting.deciding import COOLDOWN
from mlmon.monitoring.alerting.message import Alert, Kind, document, lines, title
from mlmon.monitoring.alerting.sending import CHANNELS, AlertFailed, Channel, Delivery, Told, channels, tell

__all__ = [
    "CHANNELS",
    "COOLDOWN",
    "Alert",
    "AlertFailed",
    "Channel",
    "Delivery",
    "Kind",
    "Told",
    "channels",
    "document",
    "lines",
    "tell",
    "title",
]
