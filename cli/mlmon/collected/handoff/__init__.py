"""A selection of collected data, written as a query for another tool.

What is written names places and nothing else: no key, no token. Names come from storage, where others chose them, so
each is written as a literal of the language in question.
"""

from mlmon.collected.handoff.pandas_cell import pandas
from mlmon.collected.handoff.patterns import Pattern, Source, sources
from mlmon.collected.handoff.powerbi import powerbi
from mlmon.collected.handoff.spark_cell import databricks
from mlmon.collected.handoff.sql import duckdb

WRITERS = {"powerbi": powerbi, "databricks": databricks, "duckdb": duckdb, "pandas": pandas}
"""How each tool is handed a selection."""

__all__ = ["WRITERS", "Pattern", "Source", "sources"]
