"""`--var NAME=VALUE`: values given to a query as literals, so that no value can become part of it.

A value is a number, `true` or `false`, a duration (`7d`, `PT1H`), or an ISO date or time where it reads as one, and
text otherwise; in double quotes (`"7d"`) it is text whatever it reads as. Where the query itself says
`let NAME = LITERAL;` that literal is a default: the value takes its place and must be of its type. Kusto takes no name
twice, so any other `let` of the name is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from mlmon.core.errors import QueryError, UsageError
from mlmon.core.timerange import parse_duration, parse_moment
from mlmon.kql.build import kql_datetime, kql_string, kql_timespan
from mlmon.kql.tokens import Kind, Token, statements

_WORDS: Final = """
    access accumulate aggregations alias all and anomalychart anomalycolumns areachart as asc axes bagexpansion barchart
    base between bin bin_legacy bool boolean by card cluster columnchart consume contains contains_cs containscs count
    database datascope datatable date datetime decimal declare decodeblocks default delta desc distinct double dynamic
    edges endswith endswith_cs entity_group evaluate execute expandoutput extend external_data externaldata facet false
    filter find first flags float fork from getschema guid has has_all has_any has_cs hasprefix hasprefix_cs hassuffix
    hassuffix_cs hidden hot hotcache hotdata hotindex id in int int16 int32 int64 int8 into invoke isfuzzy join kind
    ladderchart last legend let like likecs limit linear linechart list log long lookup map materialize mvapply mvexpand
    nodes none nooptimization notcontains notcontainscs notlike notlikecs null nulls of on optional or order others
    output pack panels parse partition pattern piechart pivotchart plugin print project query_parameters range real
    reduce regex relaxed render replace restrict sample scan scatterchart search serialize series set simple sort
    stacked stacked100 stackedareachart startswith startswith_cs step string summarize table take threshold time
    timechart timeline timepivot timespan title to top toscalar totable treemap true typeof uint uint16 uint32 uint64
    uint8 ulong union uniqueid unstacked uuid view visible where with with_itemindex with_match_id with_node_id
    with_source with_step_name withsource xaxis xcolumn xmax xmin xtitle yaxis ycolumns ymax ymin ysplit ytitle
"""
KEYWORDS: Final = frozenset(_WORDS.split())
"""Words of the language, none of which can name a variable everywhere."""

_NAME: Final = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")  # the language keeps names with __ to itself
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_REAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?", re.DOTALL)
_LONG: Final = range(-(2**63), 2**63)


def assignments(given: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` words as names and values.

    Raises:
        UsageError: no `=`, a name that is none or is a word of the language, or a name that is given twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--var {text!r} gives no value", hint="write it like --var since=7d")
        if not _NAME.fullmatch(name) or name.lower() in KEYWORDS:
            why = "is a word of KQL" if name.lower() in KEYWORDS else "is not a name that can be used"
            raise UsageError(
                f"the variable {name!r} {why}",
                hint="a name has letters, digits and _, and begins with a letter or one _",
            )
        if name in found:
            raise UsageError(f"the variable {name!r} is given twice", hint="leave one of the two --var out")
        found[name] = value
    return found


def with_variables(kql: str, values: Mapping[str, str], *, now: datetime) -> str:
    """The query with its variables: defaults replaced where they stand, and a `let` on a line of its own before it for
    every other name. `now` is what `today` counts from, where a default is a datetime.

    Raises:
        QueryError: the query is empty, or a command.
        UsageError: a value is not of its default's type, or the query gives the name a meaning of its own.
    """
    if not values:
        return kql
    declared = _declared(kql)
    if not any(statement for statement in statements(kql)):
        raise QueryError("the query is empty", hint="try: traces | take 10")
    if kql.lstrip().startswith("."):
        raise QueryError("a query that begins with '.' is a command, and none is sent", hint="begin with a table")
    before = []
    places: list[tuple[int, int, str]] = []
    for name, value in values.items():
        if name not in declared:
            before.append(f"let {name} = {literal(value)};\n")
            continue
        start, end, kind = declared[name]
        if not kind:
            raise UsageError(
                f"the query has a let {name} of its own, which is no plain value",
                hint="give the variable another name, or take the let out of the query",
            )
        places.append((start, end, _as_kind(name, value, kind, default=kql[start:end], now=now)))
    for start, end, text in sorted(places, reverse=True):
        kql = kql[:start] + text + kql[end:]
    return "".join(before) + kql


def lines_before(kql: str, values: Mapping[str, str]) -> int:
    """How many lines `with_variables` puts before the query."""
    return len(set(values) - set(_declared(kql))) if values else 0


def defaults(kql: str) -> dict[str, str]:
    """The variables of a query that `--var` can replace, each with its value as it stands there."""
    return {name: kql[start:end] for name, (start, end, kind) in _declared(kql).items() if kind}


def literal(value: str) -> str:
    """A value as the literal of the type that it reads as. Raises `UsageError` for text that is not valid Unicode."""
    text = _quoted(value)
    return (_plain(value) if text is None else "") or kql_string(value if text is None else text)


def _plain(value: str) -> str:
    """A literal of another type than text; "" for text."""
    if value in {"true", "false"}:
        return value
    if _WHOLE.fullmatch(value) and int(value) in _LONG:
        return f"long({value})"
    if _REAL.fullmatch(value):
        return f"real({value})"
    with suppress(UsageError):
        if _DATE.fullmatch(value):
            return kql_datetime(parse_moment(value, _ANY_TIME))
        return kql_timespan(parse_duration(value))
    return ""


_ANY_TIME: Final = datetime.min.replace(tzinfo=UTC)  # a written date does not depend on today


def _quoted(value: str) -> str | None:
    """What stands between double quotes; None where there are none around it."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else None


_Declared = tuple[int, int, str]  # where the value stands, and its type; "" where it is no literal


def _declared(kql: str) -> dict[str, _Declared]:
    found: dict[str, _Declared] = {}
    for statement in statements(kql)[:-1]:
        match [token.text for token in statement[:3]]:
            case ["let", name, "=" | "("] if len(statement) > 3:
                start, end = statement[3].start, statement[-1].end
                known = "" if name in found or statement[2].text == "(" else _kind_of(statement[3:])
                found[name] = (start, end, known)
    return found


_TYPES: Final = {
    "datetime": "datetime",
    "date": "datetime",
    "timespan": "timespan",
    "time": "timespan",
    "long": "long",
    "int": "long",
    "real": "real",
    "double": "real",
    "decimal": "real",
    "bool": "bool",
}
_TIMESPAN: Final = re.compile(r"\d+(?:\.\d+)?(?:d|days?|h|hours?|m|minutes?|s|seconds?|ms)")


def _kind_of(value: Sequence[Token]) -> str:
    """The type of a literal; "" for anything else."""
    if value[0].text == "-" and len(value) == 2 and value[1].kind is Kind.NUMBER:
        value = value[1:]
    first = value[0]
    if len(value) == 1:
        match first.kind:
            case Kind.STRING:
                return "string"
            case Kind.NUMBER if _TIMESPAN.fullmatch(first.text):
                return "timespan"
            case Kind.NUMBER if _REAL.fullmatch(first.text):
                return "long" if _WHOLE.fullmatch(first.text) else "real"
        return "bool" if first.text in {"true", "false"} else ""
    brackets = [at for at, token in enumerate(value) if token.text in "()"]
    return _TYPES.get(first.text, "") if brackets == [1, len(value) - 1] else ""


def _as_kind(name: str, value: str, kind: str, *, default: str, now: datetime) -> str:
    """A value as a literal of its default's type. Raises `UsageError` where it is none."""
    quoted = _quoted(value)
    text = value if quoted is None else quoted
    match kind:
        case "string":
            return kql_string(text)
        case "bool" if text in {"true", "false"}:
            return text
        case "long" if _WHOLE.fullmatch(text) and int(text) in _LONG:
            return f"long({text})"
        case "real" if _REAL.fullmatch(text):
            return f"real({text})"
        case "timespan":
            with suppress(UsageError):
                return kql_timespan(parse_duration(text))
        case "datetime":
            with suppress(UsageError):
                return kql_datetime(parse_moment(text, now))
    raise UsageError(
        f"the variable {name!r} is a {_CALLED.get(kind, kind)} in the query, and {value!r} is none",
        hint=f"the query itself says: let {name} = {default};",
    )


_CALLED: Final = {"timespan": "duration", "long": "whole number", "real": "number", "bool": "true or false"}
