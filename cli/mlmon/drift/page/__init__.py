"""A drift report as one page of HTML: no script, nothing fetched, and nothing of what it shows is markup."""

from __future__ import annotations

from mlmon.drift.page.document import page

__all__ = ["page"]
