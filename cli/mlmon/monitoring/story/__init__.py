"""The story of one request: its row, what was sent and logged while it ran, and what was collected of it."""

from mlmon.monitoring.story.finding import Asked, Several
from mlmon.monitoring.story.parts import By, Event, Ids, Looked, Request, Source, Story
from mlmon.monitoring.story.telling import tell

__all__ = ["Asked", "By", "Event", "Ids", "Looked", "Request", "Several", "Source", "Story", "tell"]
