"""When a value of a file of labels is that of a dataset's column, although the two may be of different types."""

from __future__ import annotations

from typing import Final

from mlmon.collected.tables.columns import Out
from mlmon.core.errors import UsageError

_WHOLE: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
_FLOATS: Final = frozenset({"FLOAT", "DOUBLE"})
_HOLDS: Final = {"time": "times", "number": "numbers", "flag": "true and false", "text": "text", "": "nested values"}
_EXACT: Final = "DECIMAL(38, 9)"  # whole numbers of 19 digits, which a float would round


def matching(file: str, ours: Out, theirs: str, *, cell: str, any_case: bool) -> tuple[str, str]:
    """The SQL of what is to be equal: of the dataset's column, and of the file's `cell`, whose type is `theirs`.

    Texts of the file are read as what the column holds. `any_case`: capital letters make no difference.

    Raises:
        UsageError: no value of the one can be one of the other.
    """
    kind, of_file = _kind(ours.type), _kind(theirs)
    if of_file not in {kind, "text"} and not (kind, of_file) == ("text", "number"):
        raise UsageError(
            f"{ours.name!r} holds {_HOLDS[kind]} in the dataset and {_HOLDS[of_file]} in {file}",
            hint="--on names a column that holds the same in both",
        )
    if kind == "time":
        read = f"TRY_CAST({cell} AS TIMESTAMPTZ)" if of_file == "text" else f"CAST({cell} AS TIMESTAMP)"
        return f"epoch_us({ours.expression})", f"epoch_us({read})"
    if kind == "number":
        held = _EXACT if ours.type in _WHOLE else "DOUBLE"
        return f"CAST({ours.expression} AS {held})", f"TRY_CAST({cell} AS {held})"
    if kind == "flag":
        return ours.expression, f"TRY_CAST({cell} AS BOOLEAN)"
    text = f"CAST({cell} AS VARCHAR)"
    return (f"lower({ours.expression})", f"lower({text})") if any_case else (ours.expression, text)


def _kind(of: str) -> str:
    if of.startswith(("TIMESTAMP", "DATE")):
        return "time"
    if of in _WHOLE | _FLOATS or of.startswith("DECIMAL"):
        return "number"
    return {"BOOLEAN": "flag", "VARCHAR": "text", "UUID": "text", "JSON": "text"}.get(of, "")
