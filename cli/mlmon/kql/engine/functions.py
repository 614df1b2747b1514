"""What a call of each function becomes, by the type of its first argument."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlmon.core.errors import QueryError
from mlmon.kql.engine.kinds import numeric
from mlmon.kql.engine.patterns import unicode_classes
from mlmon.kql.engine.registry import call

if TYPE_CHECKING:
    from duckdb_kql import ir

Rule = Callable[["ir.FunctionCall", list[str]], "ir.Expr"]
"""From a call whose arguments are already made right, and the types they had, to what stands in its place."""

_LONGEST_LIST: Final = 1_048_576  # https://learn.microsoft.com/kusto/query/make-list-aggregation-function
_AS_JSON: Final = {"datetime": "datetime", "real": "real", "decimal": "decimal", "guid": "text", "dynamic": "dynamic"}


def unchanged(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
    """The library answers as Kusto does."""
    return new


def regex(node: ir.Expr) -> ir.Expr:
    """A constant pattern with classes that know all of Unicode, as Kusto's do; RE2's know ASCII only."""
    from duckdb_kql import ir
    from duckdb_kql.translate import constant_string

    pattern = constant_string(node)
    return ir.Literal(unicode_classes(pattern), "string") if pattern is not None else node


def _on_regex(at: int) -> Rule:
    """Spell the classes of the pattern that stands as this argument."""

    def rule(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
        arguments = (regex(argument) if i == at else argument for i, argument in enumerate(new.args))
        return dataclasses.replace(new, args=tuple(arguments))

    return rule


def _on_argument(function: str) -> Rule:
    """Convert the argument first."""

    def rule(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
        return dataclasses.replace(new, args=(call(function, new.args[0]), *new.args[1:]))

    return rule


def _instead(function: str, arity: int = 1) -> Rule:
    """Call ours with the same arguments."""

    def rule(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
        return call(function, *new.args) if len(new.args) == arity else new

    return rule


def _constant(*, value: bool) -> Rule:
    def rule(_: ir.FunctionCall, __: list[str]) -> ir.Expr:
        from duckdb_kql import ir

        return ir.Literal(value, "bool")

    return rule


def _bin(new: ir.FunctionCall, kinds: list[str]) -> ir.Expr:
    match kinds:
        case ["datetime", "timespan"]:
            return call("bin_datetime", *new.args)
        case ["timespan", "timespan"]:
            return call("bin_timespan", *new.args)
        case [_, "timespan"]:
            raise QueryError(
                f"{new.name}() by a timespan needs a datetime or a timespan to round",
                hint="convert the value first with todatetime() or totimespan()",
            )
    return new


def _extreme_of(new: ir.FunctionCall, kinds: list[str]) -> ir.Expr:
    if not ("real" in kinds and numeric(*kinds) and len(kinds) > 1):
        return new
    first, *rest = (call("as_real", argument) for argument in new.args)
    for argument in rest:
        first = call(f"{new.name.lower()}_real", first, argument)
    return first


def _week_diff(new: ir.FunctionCall, kinds: list[str]) -> ir.Expr:
    from duckdb_kql import ir

    part = new.args[0]
    weeks = isinstance(part, ir.Literal) and str(part.value).lower() == "week" and kinds[1:] == ["datetime", "datetime"]
    return call("weeks_between", *new.args[1:]) if weeks else new


def _make_timespan(new: ir.FunctionCall, kinds: list[str]) -> ir.Expr:
    from duckdb_kql import ir

    if len(kinds) not in (2, 3):
        return new
    second = new.args[2] if len(kinds) == 3 else ir.Literal(0, "long")
    return call("checked_timespan", new.args[0], new.args[1], second, new)


def _long_of_constant(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
    """Kusto saturates over rows, and wraps around where it folds a constant."""
    if _computed_constant(new.args[0]):
        return dataclasses.replace(new, args=(call("within_long", new.args[0]),))
    return new


def _text_of_constant(new: ir.FunctionCall, kinds: list[str]) -> ir.Expr:
    if any(kind == "real" and _computed_constant(of) for of, kind in zip(new.args, kinds, strict=True)):
        raise QueryError(
            f"{new.name}() of a computed constant is not supported by the local engine",
            hint="its last digit differs from Azure's; write the number out",
        )
    return new


def _computed_constant(node: ir.Expr) -> bool:
    from duckdb_kql import ir
    from duckdb_kql.translate import _reads_toscalar, _referenced_columns

    return (
        isinstance(node, ir.BinaryOp | ir.FunctionCall) and not _referenced_columns(node) and not _reads_toscalar(node)
    )


def _timespan_of_text(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
    return call("timespan_of_text", new.args[0], new)


def _collect(new: ir.FunctionCall, kinds: list[str]) -> ir.Expr:
    from duckdb_kql import ir

    name = new.name.lower()
    cap = new.args[1] if len(new.args) > 1 else ir.Literal(_LONGEST_LIST, "long")
    if not (isinstance(cap, ir.Literal) and isinstance(cap.value, int)):
        raise QueryError(f"the size in {name}() must be a number", hint=f"write it out: {name}(x, 100)")
    flat = "_flat" if kinds[0] == "dynamic" else ""
    as_json = "element_" + _AS_JSON[kinds[0]] if kinds[0] in _AS_JSON else "element"
    return call(name + flat, call(as_json, new.args[0]), cap)


def _weighted_percentile(new: ir.FunctionCall, kinds: list[str]) -> ir.Expr:
    from duckdb_kql import ir

    share = new.args[2] if len(kinds) == 3 else None
    if not (isinstance(share, ir.Literal) and isinstance(share.value, int | float) and 0 <= share.value <= 100):
        raise QueryError(
            "percentilew() takes a value, a weight and a number from 0 to 100",
            hint="write it like: p95 = percentilew(duration, itemCount, 95)",
        )
    return call("percentilew", *new.args)


def _as_json(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
    return call("json_of_lists", new)


# (function, type of the first argument, "" for any) -> what it becomes
FUNCTIONS: Final[dict[tuple[str, str], Rule]] = {
    ("extract", ""): _on_regex(0),
    ("extract_all", ""): _on_regex(0),
    ("replace_regex", ""): _on_regex(1),
    ("trim", ""): _on_regex(0),
    ("trim_start", ""): _on_regex(0),
    ("trim_end", ""): _on_regex(0),
    ("isnull", "string"): _constant(value=False),
    ("isnotnull", "string"): _constant(value=True),
    ("notnull", "string"): _constant(value=True),
    ("isnull", "dynamic"): _instead("isnull_dynamic"),
    ("isnotnull", "dynamic"): _instead("isnotnull_dynamic"),
    ("notnull", "dynamic"): _instead("isnotnull_dynamic"),
    ("bin", ""): _bin,
    ("floor", ""): _bin,
    ("totimespan", "string"): _timespan_of_text,
    ("timespan", "string"): _timespan_of_text,
    ("dayofweek", "datetime"): _on_argument("before_last_day"),
    ("percentilew", ""): _weighted_percentile,
    ("tobool", "string"): _on_argument("bool_text"),
    ("toboolean", "string"): _on_argument("bool_text"),
    ("toint", "string"): _instead("int_of_text"),
    ("tolong", "string"): _instead("long_of_text"),
    ("tolong", "real"): _long_of_constant,
    ("tostring", "real"): _text_of_constant,
    ("strcat", ""): _text_of_constant,
    ("todouble", "string"): _on_argument("real_text"),
    ("toreal", "string"): _on_argument("real_text"),
    ("todatetime", "long"): _instead("datetime_of_ticks"),
    ("todatetime", "int"): _instead("datetime_of_ticks"),
    ("todatetime", "real"): _instead("datetime_of_ticks"),
    ("parse_json", "string"): _on_argument("json_text"),
    ("todynamic", "string"): _on_argument("json_text"),
    ("log", ""): _on_argument("positive_or_null"),
    ("log10", ""): _on_argument("positive_or_null"),
    ("log2", ""): _on_argument("positive_or_null"),
    ("min_of", ""): _extreme_of,
    ("max_of", ""): _extreme_of,
    ("indexof", "string"): _instead("position", 2),
    ("base64_decode_tostring", ""): _instead("utf8_of_base64"),
    ("base64_decodestring", ""): _instead("utf8_of_base64"),
    ("datetime_diff", ""): _week_diff,
    ("make_timespan", ""): _make_timespan,
    ("split", ""): _as_json,
    # aggregates
    ("make_list", ""): _collect,
    ("make_set", ""): _collect,
    ("min", "real"): _instead("min_real"),
    ("max", "real"): _instead("max_real"),
    ("sum", "timespan"): _instead("sum_timespan"),
    ("avg", "timespan"): _instead("avg_timespan"),
    ("avg", "datetime"): _instead("avg_datetime"),
}
