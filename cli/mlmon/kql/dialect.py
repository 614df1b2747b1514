"""One question in both dialects: the classic names, and what a dialect has in their place."""

from __future__ import annotations

from mlmon.core.ports import Dialect
from mlmon.kql.schema import SCHEMAS, WORKSPACE_COLUMNS, WORKSPACE_TABLES


class Names:
    """A table's name and its columns' in a dialect, by their classic names."""

    def __init__(self, table: str, dialect: Dialect) -> None:
        workspace = dialect is Dialect.WORKSPACE
        self._columns = WORKSPACE_COLUMNS[table] if workspace else {}
        self.table = WORKSPACE_TABLES[table] if workspace else table

    def __call__(self, column: str) -> str:
        return self._columns.get(column) or column

    def lacks(self, column: str) -> bool:
        """Whether the dialect has nothing in the place of this column."""
        return column in self._columns and not self._columns[column]


def is_table(name: str, dialect: Dialect) -> bool:
    """Whether a table of Application Insights has this name in the dialect."""
    return name in SCHEMAS[dialect].tables
