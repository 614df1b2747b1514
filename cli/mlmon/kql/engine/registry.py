"""SQL of our own for what the library answers differently from Kusto.

Each entry joins the library's tables of functions under a name with a colon in it, which no query can spell;
`rules.py` puts calls to these names where the operands' types ask for them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from duckdb_kql import ir

PREFIX: Final = "mlmon:"

# What error() says at run time, so that faults.py can tell our refusals from the engine's
MARK: Final = "mlmon refuses: "

_TICKS_TO_UNIX: Final = 62_135_596_800_000_000  # microseconds from 0001-01-01, where Kusto's bins begin, to 1970


def _total(compare: str, *, one_null: str) -> str:
    """An equality that is null for two nulls and `one_null` for one."""
    return (
        "(CASE WHEN {0} IS NULL AND {1} IS NULL THEN NULL WHEN {0} IS NULL OR {1} IS NULL "
        f"THEN {one_null} ELSE {compare} END)"
    )


def _neither_nan(compare: str) -> str:
    return f"({compare} AND NOT isnan(CAST({{0}} AS DOUBLE)) AND NOT isnan(CAST({{1}} AS DOUBLE)))"


_IS_NULL: Final = "({0} IS NULL OR json_type({0}) = 'NULL')"
_NUMBER_IN_JSON: Final = (
    "(CASE WHEN json_type({0}) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN TRY_CAST({0} AS DOUBLE) END)"
)
_HEX: Final = "regexp_full_match({0}, '\\s*0[xX][0-9a-fA-F]{{1,16}}\\s*')"
_DIGITS: Final = "regexp_full_match({0}, '\\s*[+-]?[0-9]+\\s*')"
_HEX_VALUE: Final = "TRY_CAST(trim({0}) AS UHUGEINT)"

_SCALARS: Final[dict[str, tuple[int, str]]] = {
    "nul": (0, "chr(0)"),
    # bins
    "bin_datetime": (
        2,
        (
            "(CASE WHEN epoch_us({1}) > 0 THEN make_timestamp(CAST("
            f"(epoch_us({{0}}) + {_TICKS_TO_UNIX}) // epoch_us({{1}}) * epoch_us({{1}}) - {_TICKS_TO_UNIX}"
            " AS BIGINT)) END)"
        ),
    ),
    "bin_timespan": (
        2,
        (
            "(CASE WHEN epoch_us({1}) > 0 THEN to_microseconds("
            "CAST(floor(epoch_us({0}) / epoch_us({1})) AS BIGINT) * epoch_us({1})) END)"
        ),
    ),
    # nulls inside JSON
    "isnull_dynamic": (1, _IS_NULL),
    "isnotnull_dynamic": (1, f"(NOT {_IS_NULL})"),
    # comparisons
    "bool_of_text": (1, "(CASE lower({0}) WHEN 'true' THEN true WHEN 'false' THEN false END)"),
    "number_of_dynamic": (1, _NUMBER_IN_JSON),
    "real_eq": (2, _total(_neither_nan("{0} = {1}"), one_null="FALSE")),
    "real_ne": (2, f"(NOT {_total(_neither_nan('{0} = {1}'), one_null='FALSE')})"),
    "real_lt": (2, _neither_nan("{0} < {1}")),
    "real_le": (2, _neither_nan("{0} <= {1}")),
    "real_gt": (2, _neither_nan("{0} > {1}")),
    "real_ge": (2, _neither_nan("{0} >= {1}")),
    # arithmetic
    "real_divide": (2, "(CAST({0} AS DOUBLE) / CAST({1} AS DOUBLE))"),
    "timespan_ratio": (2, "(CAST(epoch_us({0}) AS DOUBLE) / CAST(epoch_us({1}) AS DOUBLE))"),
    "timespan_divide": (2, "to_microseconds(CAST(trunc(epoch_us({0}) / CAST({1} AS DOUBLE)) AS BIGINT))"),
    "positive_or_null": (1, "(CASE WHEN {0} < 0 THEN NULL ELSE {0} END)"),
    "min_of_real": (2, "(CASE WHEN isnan({0}) OR isnan({1}) THEN CAST('NaN' AS DOUBLE) ELSE least({0}, {1}) END)"),
    "max_of_real": (2, "(CASE WHEN isnan({0}) OR isnan({1}) THEN CAST('NaN' AS DOUBLE) ELSE greatest({0}, {1}) END)"),
    "as_real": (1, "CAST({0} AS DOUBLE)"),
    # conversions of text
    "bool_text": (
        1,
        (
            "(CASE WHEN lower({0}) IN ('true', 'false') THEN lower({0}) "
            "WHEN regexp_full_match(trim({0}), '[+-]?[0-9]+') THEN CASE WHEN TRY_CAST({0} AS BIGINT) = 0 THEN 'false' "
            "WHEN TRY_CAST({0} AS BIGINT) <> 0 THEN 'true' END END)"
        ),
    ),
    "int_of_text": (
        1,
        (
            f"(CASE WHEN {_HEX} THEN TRY_CAST((CASE WHEN {_HEX_VALUE} >= 2147483648 AND {_HEX_VALUE} < 4294967296 "
            f"THEN CAST({_HEX_VALUE} AS HUGEINT) - 4294967296 ELSE CAST({_HEX_VALUE} AS HUGEINT) END) AS INTEGER) "
            f"WHEN {_DIGITS} THEN TRY_CAST({{0}} AS INTEGER) END)"
        ),
    ),
    "long_of_text": (
        1,
        (
            f"(CASE WHEN {_HEX} THEN TRY_CAST((CASE WHEN {_HEX_VALUE} >= 9223372036854775808 "
            f"THEN CAST({_HEX_VALUE} AS HUGEINT) - 18446744073709551616 "
            f"ELSE CAST({_HEX_VALUE} AS HUGEINT) END) AS BIGINT) WHEN {_DIGITS} THEN TRY_CAST({{0}} AS BIGINT) END)"
        ),
    ),
    "real_text": (
        1,
        "(CASE WHEN lower(trim({0})) IN ('inf', '+inf', '-inf') AND lower({0}) <> {0} THEN NULL ELSE {0} END)",
    ),
    # the week after the last one cannot be told
    "before_last_day": (1, "(CASE WHEN {0} < TIMESTAMP '9999-12-31 00:00:00' THEN {0} END)"),
    "datetime_of_ticks": (
        1,
        f"make_timestamp(CAST(trunc({{0}}) AS BIGINT) // 10 - {_TICKS_TO_UNIX})",
    ),
    # 1d, 2h, 90s ... as a literal would be, and a bare number of days; {1} is the library's own reading
    "timespan_of_text": (
        2,
        (
            "(CASE WHEN regexp_full_match({0}, '\\s*-?[0-9]+(\\.[0-9]+)?\\s*(d|h|m|s|ms)\\s*') "
            "THEN to_microseconds(CAST(TRY_CAST(regexp_extract({0}, '-?[0-9]+(\\.[0-9]+)?') AS DOUBLE) * "
            "(CASE regexp_extract({0}, '[a-z]+') WHEN 'd' THEN 86400000000 WHEN 'h' THEN 3600000000 "
            "WHEN 'm' THEN 60000000 WHEN 's' THEN 1000000 ELSE 1000 END) AS BIGINT)) "
            "WHEN regexp_full_match({0}, '\\s*-?[0-9]{{1,8}}\\s*') THEN to_days(CAST({0} AS INTEGER)) ELSE {1} END)"
        ),
    ),
    "json_text": (
        1,
        (
            "(CASE WHEN {0} = '' OR trim({0}) = 'null' THEN NULL WHEN json_valid({0}) THEN {0} "
            "ELSE CAST(to_json({0}) AS VARCHAR) END)"
        ),
    ),
    "utf8_of_base64": (1, "coalesce(TRY(decode(from_base64({0}))), '')"),
    "position": (2, "(CASE WHEN {1} <> '' THEN position({1} IN {0}) - 1 END)"),
    "weeks_between": (
        2,
        (
            "CAST((CAST({0} AS DATE) - CAST(dayofweek({0}) AS INTEGER) "
            "- (CAST({1} AS DATE) - CAST(dayofweek({1}) AS INTEGER))) // 7 AS BIGINT)"
        ),
    ),
    "checked_timespan": (
        4,
        "(CASE WHEN {0} BETWEEN 0 AND 23 AND {1} BETWEEN 0 AND 59 AND {2} >= 0 AND {2} < 60 THEN {3} END)",
    ),
    # elements of lists, as JSON
    "element_datetime": (1, "to_json(strftime({0}, '%Y-%m-%dT%H:%M:%S.%f') || '0Z')"),
    "element_real": (
        1,
        (
            "(CASE WHEN isnan({0}) THEN to_json('NaN') WHEN isinf({0}) THEN to_json(CASE WHEN {0} > 0 THEN 'Infinity' "
            "ELSE '-Infinity' END) ELSE to_json({0}) END)"
        ),
    ),
    "element_text": (1, "to_json(CAST({0} AS VARCHAR))"),
    "element_decimal": (1, "to_json(CAST(CAST({0} AS DOUBLE) AS VARCHAR))"),
    "element": (1, "to_json({0})"),
    "element_dynamic": (1, "CASE WHEN json_type({0}) <> 'NULL' THEN {0} END"),
    "json_of_lists": (1, "to_json({0})"),
    # where a real stands in an order, beyond its value: NaN is next to null on every side
    "rank_of_real": (1, "(CASE WHEN {0} IS NULL THEN 2 WHEN isnan({0}) THEN 1 ELSE 0 END)"),
    # strings are never null
    "text": (1, "coalesce({0}, '')"),
    "member": (2, "json_extract({0}, {1})"),
}

_LIST: Final = "(list({0}) FILTER (WHERE {0} IS NOT NULL))"
_FLAT: Final = (
    "flatten(list(CASE WHEN json_type({0}) = 'ARRAY' THEN CAST({0} AS JSON[]) ELSE [{0}] END) "
    "FILTER (WHERE {0} IS NOT NULL))"
)
# Distinct in order of first appearance, which is what Kusto returns; left in any order where that would take long
_DISTINCT: Final = (
    "list_transform([coalesce({list}, [])], lambda _all: CASE WHEN len(_all) > 20000 THEN list_distinct(_all) "
    "ELSE list_filter(_all, lambda _one, _at: list_position(_all, _one) = _at) END)[1]"
)


def _capped(expression: str) -> str:
    return f"to_json(coalesce(list_slice({expression}, 1, {{1}}), []))"


_WEIGHED: Final = "{0} IS NOT NULL AND {1} > 0"
# The least value at or below which there is this share of the weights: nearest rank, as the library's `percentile` has
# it. Rows that were not sampled weigh 1, and for them DuckDB knows a quicker way.
_PERCENTILEW: Final = (
    f"(CASE WHEN max({{1}}) FILTER (WHERE {_WEIGHED}) = 1 AND min({{1}}) FILTER (WHERE {_WEIGHED}) = 1 "
    f"THEN quantile_disc({{0}}, {{2}} / 100.0) FILTER (WHERE {_WEIGHED}) "
    f"ELSE list_transform([sum({{1}}) FILTER (WHERE {_WEIGHED}) * {{2}} / 100.0], lambda _rank: list_reduce("
    f"list_sort(list({{{{'value': {{0}}, 'below': CAST({{1}} AS DOUBLE)}}}}) FILTER (WHERE {_WEIGHED})), "
    "lambda _at, _next: CASE WHEN _at.below >= _rank THEN _at "
    "ELSE {{'value': _next.value, 'below': _at.below + _next.below}} END).value)[1] END)"
)

_AGGREGATES: Final[dict[str, tuple[int, str]]] = {
    "make_list": (2, _capped(_LIST)),
    "make_set": (2, _capped(_DISTINCT.format(list=_LIST))),
    "make_list_flat": (2, _capped(_FLAT)),
    "make_set_flat": (2, _capped(_DISTINCT.format(list=_FLAT))),
    "min_real": (1, "(CASE WHEN bool_or(isnan({0})) THEN CAST('NaN' AS DOUBLE) ELSE min({0}) END)"),
    "max_real": (1, "(CASE WHEN bool_or(isnan({0})) THEN CAST('NaN' AS DOUBLE) ELSE max({0}) END)"),
    "sum_timespan": (1, "to_microseconds(CAST(coalesce(sum(epoch_us({0})), 0) AS BIGINT))"),
    "avg_timespan": (1, "to_microseconds(CAST(avg(epoch_us({0})) AS BIGINT))"),
    "avg_datetime": (1, "make_timestamp(CAST(avg(epoch_us({0})) AS BIGINT))"),
    "percentilew": (3, _PERCENTILEW),
}


def _refused(when: str, what: str) -> str:
    return f"(CASE WHEN {when} THEN error('{MARK}{what}') ELSE {{0}} END)"


_REFUSED_AT_RUN_TIME: Final = {
    "not_nan": (1, _refused("isnan({0})", "arg_max or arg_min over NaN")),
    "within_long": (1, _refused("isfinite({0}) AND abs({0}) >= 9223372036854775807", "a constant beyond 64 bits")),
}


@cache
def register() -> None:
    """Add the entries to the library's tables, once a process."""
    from duckdb_kql.translate.functions import AGGREGATE_FUNCTIONS, SCALAR_FUNCTIONS, AggregateSpec, FunctionSpec

    for name, (arity, template) in {**_SCALARS, **_REFUSED_AT_RUN_TIME}.items():
        SCALAR_FUNCTIONS[PREFIX + name] = FunctionSpec(PREFIX + name, "template", template, (arity,))
    for name, (arity, template) in _AGGREGATES.items():
        AGGREGATE_FUNCTIONS[PREFIX + name] = AggregateSpec(PREFIX + name, template, (arity,))


def call(name: str, *arguments: ir.Expr) -> ir.FunctionCall:
    """A call of one of the entries."""
    from duckdb_kql import ir

    return ir.FunctionCall(PREFIX + name, arguments)
