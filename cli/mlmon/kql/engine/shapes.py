"""What the guard adds to operators, and how it names and joins their columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mlmon.core.errors import QueryError
from mlmon.kql.engine.kinds import Kinds, common, kind_of
from mlmon.kql.engine.registry import call

if TYPE_CHECKING:
    from duckdb_kql import ir


def named_as(
    old: Sequence[ir.NamedExpr], new: Sequence[ir.NamedExpr], names: Sequence[str | None]
) -> tuple[ir.NamedExpr, ...]:
    """The rewritten expressions under the names that the ones a person wrote would have had."""
    if all(a is b for a, b in zip(old, new, strict=True)):
        return tuple(old)
    return tuple(
        dataclasses.replace(e, name=name) if name is not None else e for e, name in zip(new, names, strict=True)
    )


def countif_name(aggregate: ir.NamedExpr) -> ir.NamedExpr:
    """Kusto names `countif(b)` after its column, the library does not."""
    from duckdb_kql import ir

    match aggregate:
        case ir.NamedExpr(ir.FunctionCall(name, (ir.ColumnRef(column),)), None) if name.lower() == "countif":
            return dataclasses.replace(aggregate, name=f"countif_{column}")
    return aggregate


def never_null(names: Sequence[str], kinds: Kinds) -> list[ir.Operator]:
    """A string is never null in Kusto: one that an outer side leaves out is empty."""
    from duckdb_kql import ir

    texts = [name for name in names if kinds.get(name) == "string"]
    return [ir.Extend(tuple(ir.NamedExpr(call("text", ir.ColumnRef(n)), n) for n in texts))] if texts else []


def refuse_dynamic(what: str, expressions: Iterable[ir.Expr], columns: Kinds) -> None:
    """Kusto neither sorts nor groups by dynamic values; the library goes by their text."""
    if any(kind_of(expression, columns) == "dynamic" for expression in expressions):
        raise QueryError(f"{what} a dynamic value is not possible", hint="convert it first with tostring() or tolong()")


def range_kind(kinds: Sequence[str]) -> str:
    """The type of the column that `range` makes, from those of its start, stop and step."""
    return "datetime" if "datetime" in kinds else "timespan" if set(kinds) == {"timespan"} else common(kinds)


def united(tables: Sequence[Kinds]) -> Kinds:
    """The columns of a union. Kusto splits a column of two types into two columns; the library converts it."""
    found: dict[str, str] = {}
    for kinds in tables:
        for name, kind in kinds.items():
            known = found.setdefault(name, kind)
            if known and kind and known != kind:
                raise QueryError(
                    f"a union whose column {name!r} is {known} in one part and {kind} in another is not supported by "
                    "the local engine",
                    hint="convert it to one type in both parts, or run the query on Azure",
                )
    return found


def column_lists(tables: Mapping[str, Kinds]) -> dict[str, list[str]]:
    """What the library calls a schema."""
    return {name: list(columns) for name, columns in tables.items()}


def refuse_scalars(operator: ir.MvExpand, columns: Kinds) -> None:
    """Kusto expands dynamic columns only; the library takes any other as a list of one."""
    for target in operator.targets:
        kind = columns[target.column]
        if kind not in ("dynamic", ""):
            raise QueryError(
                f"mv-expand needs a dynamic column, and {target.column!r} is {kind}",
                hint=f"parse it first: | extend {target.column} = parse_json({target.column})",
            )
