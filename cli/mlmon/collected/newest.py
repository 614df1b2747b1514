"""The newest collected data of a service, found by its path without listing what is older."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mlmon.collected.layout import parse
from mlmon.core.model import CollectedRoot, Generation, ServiceName
from mlmon.core.ports import Blobs

_SERIES_LEVELS = {Generation.V1: 3, Generation.V2: 0}
