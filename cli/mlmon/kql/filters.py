"""`--filter 'FIELD=VALUE'` as KQL. Nothing of a filter reaches the query but known names, literals and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.patterns import compiled
from mlmon.core.ports import Dialect
from mlmon.kql.build import kql_string
from mlmon.kql.dialect import Names
from mlmon.kql.parts import in_bag, inside, printed
from mlmon.kql.schema import CLASSIC, WORKSPACE_COLUMNS

LEVELS: Final = ("debug", "info", "warning", "error", "critical")
"""What the numbers of a severityLevel are called, from 0 on."""

_OTHER_LEVELS: Final = {"verbose": 0, "information": 1, "informational": 1, "warn": 2}
_ALIASES: Final = {"level": "severityLevel"}
_FILTER: Final = re.compile(
    r"""\s*(?P<field>(?:"(?:[^"\\]|\\.)*"|[^"=!~<>])+)(?P<op>!=|>=|<=|==|=~|!~|[=~<>])(?P<value>.*)""",
    re.DOTALL | re.VERBOSE,
)
_STEP: Final = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^".]*[^".\s]))\s*(?:\.|\Z)', re.DOTALL)
_NUMBER: Final = re.compile(r"\s*([+-]?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?)\s*", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
# these are wrong in RE2 as they are in Python; of the rest RE2 judges itself
_WRONG_PATTERN: Final = ("missing", "unterminated", "unbalanced", "nothing to repeat", "bad character range")
_HOW: Final = "write FIELD=VALUE, FIELD!=VALUE, FIELD~REGEX, FIELD>NUMBER, FIELD>=NUMBER, FIELD<NUMBER or FIELD<=NUMBER"
_INSTEAD: Final = {"=~": "FIELD~(?i)REGEX", "!~": "--kql '| where not(FIELD matches regex …)'"}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: a column by its classic name with the path below it, `=`, `!=`, `~`, `<`, `<=`, `>` or `>=`, and a
    person's value."""

    column: str
    path: tuple[str | int, ...]
    op: str
    value: str


def parsed(written: str, *, table: str) -> Filter:
    """Read a filter on a table (its classic name) as it is written on the command line.

    A path goes on after the column with dots; what has a dot or an operator in it stands in double quotes, and digits
    alone are a place in a list.

    Raises:
        UsageError: no operator, one that there is not, a path that cannot be read, or a column that is not known.
    """
    found = _FILTER.fullmatch(written)
    if found is None:
        raise UsageError(f"{written!r} is not a filter", hint=_HOW)
    op = {"==": "="}.get(found["op"], found["op"])
    if op in _INSTEAD:
        raise UsageError(f"{written!r} has {op}, which no filter knows", hint=f"write {_INSTEAD[op]}")
    column, *path = _steps(found["field"], written)
    return Filter(_column(str(column), table), tuple(path), op, found["value"])


def lines(filters: Sequence[str], *, table: str, dialect: Dialect) -> list[str]:
    """A line of KQL for each filter: a row has to meet all of them.

    Raises:
        UsageError: a filter cannot be read, or compares what cannot be compared.
    """
    return [f"| where {_condition(parsed(one, table=table), one, Names(table, dialect), table)}" for one in filters]


def _steps(field: str, written: str) -> Iterator[str | int]:
    at = 0
    while at < len(field):
        found = _STEP.match(field, at)
        if found is None:
            raise UsageError(
                f"{field.strip()!r} is not a field", hint='write customDimensions.name or customDimensions."odd name"'
            )
        at = found.end()
        bare = found["bare"]
        if bare is None:
            yield re.sub(r"\\(.)", r"\1", found["quoted"], flags=re.DOTALL)
        else:
            yield int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 10 else bare
    if field.rstrip().endswith("."):
        raise UsageError(f"{written!r} ends its field with a dot", hint=_HOW)


def _column(word: str, table: str) -> str:
    """The classic name of a column that a person names in either dialect."""
    classic = {str(new): old for old, new in WORKSPACE_COLUMNS[table].items() if new}
    found = _ALIASES.get(word, word if word in CLASSIC[table] else classic.get(word))
    if found is None:
        few = "message, level, operation_Id, cloud_RoleName, customDimensions.NAME"
        raise UsageError(
            f"there is no field {word!r}",
            hint=did_you_mean(word, (*CLASSIC[table], *_ALIASES)) or f"there are {few} and more",
        )
    return found


def _condition(of: Filter, written: str, names: Names, table: str) -> str:
    kind = CLASSIC[table][of.column]
    if kind == "datetime":
        raise UsageError(f"{written!r} filters by time", hint="use --since and --until")
    if names.lacks(of.column):
        raise UsageError(f"a Log Analytics workspace has no {of.column}", hint="add --scope component")
    value = names(of.column)
    if kind == "dynamic":
        if not of.path:
            raise UsageError(
                f"{written!r} names no part of {of.column}", hint=f"write {of.column}.name, or use --where TEXT"
            )
        value = _in_dynamic(value, of.path)
    elif of.column == "message" and table == "traces":
        value = inside(printed(names), of.path)
    elif of.path:
        raise UsageError(f"{of.column} has no parts", hint="customDimensions and message do")
    if kind in ("int", "real") and not of.path:
        return _of_number(of, written, value)
    return _of_text(of, written, value)


def _in_dynamic(bag: str, path: Sequence[str | int]) -> str:
    first, *rest = path
    return inside(in_bag(bag, str(first)), rest)


def _of_text(of: Filter, written: str, value: str) -> str:
    match of.op:
        case "=":
            return f"{value} == {kql_string(of.value)}"
        case "!=":
            return f"{value} != {kql_string(of.value)}"
        case "~":
            return f"{value} matches regex {_pattern(of.value)}"
    return f"todouble({value}) {of.op} {_number(of, written)}"


def _of_number(of: Filter, written: str, value: str) -> str:
    if of.op == "~":
        return f"tostring({value}) matches regex {_pattern(of.value)}"
    return f"{value} {'==' if of.op == '=' else of.op} {_number(of, written)}"


def _number(of: Filter, written: str) -> str:
    word = of.value.strip().lower()
    if of.column == "severityLevel" and (word in LEVELS or word in _OTHER_LEVELS):
        return str(LEVELS.index(word) if word in LEVELS else _OTHER_LEVELS[word])
    found = _NUMBER.fullmatch(of.value)
    number = float(found[1]) if found else float("inf")
    if found is None or abs(number) == float("inf"):
        hint = f"write a number, or one of {', '.join(LEVELS)}" if of.column == "severityLevel" else "write a number"
        raise UsageError(f"{of.value!r} in {written!r} is not a number", hint=hint)
    return str(int(found[1])) if _WHOLE.fullmatch(found[1]) else f"real({number!r})"


def _pattern(written: str) -> str:
    try:
        compiled(written)
    except (re.error, OverflowError, RecursionError) as error:
        if str(error).startswith(_WRONG_PATTERN):
            raise UsageError(
                f"{written!r} is not a regular expression: {error}", hint="a backslash makes any sign plain"
            ) from None
    return kql_string(written)
