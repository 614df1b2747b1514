"""Running a query with its variables, and its answer as rows, as a file, or as the chart it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from mlmon.commands.ranges import say_range
from mlmon.commands.telemetry import looked_at, rows_of
from mlmon.core.errors import QueryError
from mlmon.core.model import Table
from mlmon.core.ports import Dialect, Tables, Telemetry
from mlmon.core.timerange import TimeRange
from mlmon.kql.saved import Saved
from mlmon.output.results import Faces, Page, Result, Rows, Text
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.output.parquet import Stored


@dataclass(frozen=True, slots=True)
class Asking:
    """How the queries of one run are asked."""

    session: Session
    values: Mapping[str, str]
    between: TimeRange | None
    scope: str | None

    def telemetry(self) -> Telemetry:
        """What is asked. Raises as `Session.connect`."""
        return looked_at(self.session.connect(), self.scope)

    def run(self, query: str | Saved) -> Result:
        """Ask a query: a text as it is, one of mlmon's own in the dialect of the tables. Raises `QueryError`."""
        table = self._ask(query)
        self._say_what_holds(query)
        rows = rows_of(self.session, table, empty="the query returned no rows")
        rows = replace(rows, parquet=partial(_file, rows, table))
        if self.session.options.output or not table.render or not self.session.terminal.stdout.is_terminal:
            return rows
        return self._drawn(table, rows)

    def print_kql(self, query: str | Saved) -> Result:
        """The query as it would be sent, ready for the portal."""
        if isinstance(query, Saved) and query.shipped:
            return Text(self._own(query, self.telemetry().tables))
        text = self._text(query).strip()
        # the range travels beside the query, and the portal has a place of its own for it
        range_ = f"// time range: {self.between}, UTC\n" if self.between else ""
        return Text(f"{range_}{text}\n")

    def dialect(self) -> Dialect:
        """Whose names the tables have. Raises as `Session.connect`."""
        return self.telemetry().tables.dialect

    def _ask(self, query: str | Saved) -> Table:
        telemetry = self.telemetry()
        if isinstance(query, Saved) and query.shipped:
            # a range stands in the text already; beside it a service need not look elsewhere
            return telemetry.ask(partial(self._own, query), between=self.between)
        from mlmon.kql.variables import lines_before

        text = self._text(query)
        original = query.text if isinstance(query, Saved) else query
        try:
            return telemetry.query(text, between=self.between)
        except QueryError as error:
            raise _placed(error, lines_before(original, self.values)) from error

    def _text(self, query: str | Saved) -> str:
        from mlmon.kql.variables import with_variables

        text = query.text if isinstance(query, Saved) else query
        written = with_variables(text, self.values, now=self.session.now)
        if self.values:
            self.session.terminal.note(f"query:\n{written}", level="debug")
        return written

    def _say_what_holds(self, query: str | Saved) -> None:
        """The range, or the values that stand for one in a query of mlmon's own."""
        if isinstance(query, Saved) and query.shipped and not self.between:
            from mlmon.kql.variables import defaults

            held = {**defaults(query.text), **self.values}
            said = ", ".join(f"{name}={value}" for name, value in held.items())
            self.session.terminal.note(f"{query.name} with {said}: --var changes it")
        else:
            say_range(self.session, self.between)

    def _own(self, query: Saved, tables: Tables) -> str:
        from mlmon.kql.shipped import shipped_query

        text = shipped_query(query.text, tables=tables, values=self.values, between=self.between, now=self.session.now)
        self.session.terminal.note(f"query:\n{text}", level="debug")
        return text

    def _drawn(self, table: Table, rows: Rows) -> Result:
        from mlmon.kql.rendering import rendered

        found = rendered(table)
        for note in found.notes:
            self.session.terminal.note(note)
        if not found.charts:
            return rows
        return Faces(people=Page(found.charts), machines=rows, exit_code=rows.exit_code)


_LINE: Final = re.compile(r"line (\d+)")


def _placed(error: QueryError, before: int) -> QueryError:
    """The error with lines counted in the query that the person wrote, without the variables before it."""

    def without(found: re.Match[str]) -> str:
        return f"line {max(1, int(found[1]) - before)}"

    return QueryError(_LINE.sub(without, error.message, count=1), hint=error.hint) if before else error


def _file(rows: Rows, table: Table) -> Iterator[bytes]:
    from mlmon.output.parquet import parquet

    return parquet(rows.fields, rows.rows, types=[_STORED.get(column.type) for column in table.columns])


_STORED: Final[dict[str, Stored]] = {
    "bool": "flag",
    "int": "whole",
    "long": "whole",
    "real": "real",
    "decimal": "decimal",
    "datetime": "time",
    "timespan": "duration",
    "string": "text",
    "guid": "text",
    "dynamic": "text",
}
"""What a KQL type is in a file, also of a column that has no value today."""
