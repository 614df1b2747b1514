from __future__ import annotations

from pathlib import Path

import pytest

from kql.rows import Rows


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """An empty workspace."""
    return Rows(tmp_path)
