"""Cells of a dataset's csv as a spreadsheet shows them unchanged."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from mlmon.collected.tables.texts import LONG, READ_AS_NUMBER
from mlmon.core.model import Value
from mlmon.output.results import Row

_READ_AS_NUMBER: Final = re.compile(READ_AS_NUMBER, re.ASCII)


def cells(*, for_spreadsheet: bool) -> Callable[[Row], Row]:
    """What makes of a row the one that is written."""
    return for_spreadsheet_row if for_spreadsheet else _as_it_is


def for_spreadsheet_row(row: Row) -> Row:
    """A row whose times a spreadsheet takes for times, and whose long numbers and texts of digits it leaves alone."""
    return {key: _spreadsheet_cell(value) for key, value in row.items()}


def _as_it_is(row: Row) -> Row:
    return row


def _spreadsheet_cell(value: Value) -> Value:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= LONG:
        return f"'{value}"
    if isinstance(value, str) and _READ_AS_NUMBER.fullmatch(value):
        return f"'{value}"
    return value
