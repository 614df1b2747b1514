"""The library's and DuckDB's errors, in our words."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlmon.core.errors import QueryError, did_you_mean
from mlmon.kql.engine.reading import Reading
from mlmon.kql.engine.registry import MARK, PREFIX

if TYPE_CHECKING:
    import duckdb
    from duckdb_kql import KqlError, KqlSyntaxError, KqlUnsupportedError

_OWN_FOLDER: Final = Path(__file__).parent
_ON_AZURE: Final = "run the query on Azure, or write it without"
_TYPES: Final = "see the types with `| getschema`; convert with tostring(), tolong(), todouble(), todatetime()"
_OPERATOR: Final = re.compile(r"([A-Z][A-Za-z]*?)Operator")
_INTERNAL_CLASS: Final = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+|(?:[a-z]+ )?expression:.*|statement|.*\s.*")
_OPERATORS: Final = (
    "as", "consume", "count", "distinct", "evaluate", "extend", "facet", "filter", "find", "fork", "getschema",
    "invoke", "join", "limit", "lookup", "make-graph", "make-series", "mv-apply", "mv-expand", "order", "parse",
    "parse-kv", "parse-where", "partition", "print", "project", "project-away", "project-keep", "project-rename",
    "project-reorder", "range", "reduce", "render", "sample", "sample-distinct", "scan", "search", "serialize",
    "sort", "summarize", "take", "top", "top-hitters", "top-nested", "union", "where",
)  # fmt: skip
_SOURCES: Final = {"SearchOperator": "search", "FindOperator": "find", "ExternalDataExpression": "externaldata"}
_HYPHENS: Final = {"mvapply": "mv-apply"}


@contextmanager
def translated(reading: Reading) -> Iterator[None]:
    """Turn whatever the library raises while it reads and translates the query into a `QueryError`."""
    from duckdb_kql import KqlError

    try:
        yield
    except KqlError as error:
        raise _library(error, reading) from error
    except RecursionError:
        raise QueryError("the query is nested too deeply for the local engine", hint="split it with let") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, ArithmeticError) as error:
        if _is_ours(error):
            raise
        # The library is pinned and its faults are its own; the person needs a sentence
        raise QueryError("this query is not supported by the local engine", hint=_ON_AZURE) from error


def _is_ours(error: Exception) -> bool:
    """Whether it was raised by a line of this package, and not by the library, which calls back into it."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return Path(frames[-1][0].f_code.co_filename).is_relative_to(_OWN_FOLDER)


def _library(error: KqlError, reading: Reading) -> QueryError:
    from duckdb_kql import KqlSyntaxError, KqlUnsupportedError

    if isinstance(error, KqlSyntaxError):
        return _syntax(error, reading)
    if isinstance(error, KqlUnsupportedError):
        return _unsupported(error, reading)
    name = str(getattr(error, "name", ""))
    if "*" in name:
        return QueryError(f"no table's name is like {name!r}", hint="see the tables with: union withsource=name *")
    return QueryError(
        "two columns of one name, or of names alike but for case, are not supported by the local engine",
        hint="give each its own name with | project-rename, or run the query on Azure",
    )


def _syntax(error: KqlSyntaxError, reading: Reading) -> QueryError:
    if not error.diagnostics:
        return QueryError("the query is not KQL", hint="try: traces | take 10")
    span = error.diagnostics[0].span
    line, column = reading.place(span.line, span.column)
    lines = reading.original.split("\n")
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    word = re.match(r"\w+|\S|$", rest)
    what = f"unexpected {word[0]!r}" if word and word[0] else "something is missing"
    if word and word[0] and word[0] in "'\"":
        what = "text where none is expected, or a string that does not end or has an unknown escape"
    operator = re.match(r"\|\s*([A-Za-z][\w-]*)?", rest)
    if operator and operator[1] and operator[1] not in _OPERATORS:
        near = did_you_mean(operator[1], _OPERATORS) or "the operators are at https://learn.microsoft.com/kusto/query/"
        return QueryError(
            f"line {line}, column {column + operator.start(1)}: there is no operator named {operator[1]!r}", hint=near
        )
    if operator:
        # the parser gives up at the bar of the step that it cannot read
        what = f"the step '| {operator[1]}' is not written right" if operator[1] else "nothing follows '|'"
    return QueryError(
        f"line {line}, column {column}: {what}", hint="the syntax is at https://learn.microsoft.com/kusto/query/"
    )


def _unsupported(error: KqlUnsupportedError, reading: Reading) -> QueryError:
    at = ""
    if error.span:
        line, column = reading.place(error.span.line, error.span.column)
        at = f"line {line}, column {column}: "
    what, known = _construct(error.construct)
    hint = _ON_AZURE
    if known:
        near = did_you_mean(known, _functions())
        hint = f"{near} otherwise {_ON_AZURE}" if near else _ON_AZURE
    return QueryError(f"{at}{what} is not supported by the local engine", hint=hint)


def _construct(construct: str) -> tuple[str, str]:
    """How a person would call it, and the function's name if it is one."""
    kind, _, name = construct.partition(":")
    if kind in ("function", "aggregate") and name and not name.startswith(PREFIX):
        return f"the function {name}()", name
    if kind == "operator" or name in _SOURCES:
        return _SOURCES.get(name, f"this use of the operator {name}"), ""
    if kind == "literal":
        return f"this {name} literal", ""
    operator = _OPERATOR.fullmatch(construct)
    if operator:
        words = re.sub(r"(?<!^)(?=[A-Z])", "-", operator[1]).lower()
        return f"the operator {_HYPHENS.get(words, words)}", ""
    if PREFIX in construct:
        return f"this use of {construct.rpartition(PREFIX)[2].partition('_flat')[0]}()", ""
    return "this form of expression" if _INTERNAL_CLASS.fullmatch(construct) else f"this use of {kind}", ""


def _functions() -> tuple[str, ...]:
    from duckdb_kql.translate.functions import AGGREGATE_FUNCTIONS, SCALAR_FUNCTIONS

    return tuple(name for name in {**SCALAR_FUNCTIONS, **AGGREGATE_FUNCTIONS} if not name.startswith(PREFIX))


def executed(error: duckdb.Error) -> QueryError:
    """What DuckDB raises when it binds or runs the translated query."""
    import duckdb

    text = str(error)
    if MARK in text:
        construct = text.partition(MARK)[2].partition("\n")[0]
        return QueryError(f"{construct} is not supported by the local engine", hint=_ON_AZURE)
    if "duckdb-kql:" in text:
        return QueryError("a time finer than a microsecond is not supported by the local engine", hint=_ON_AZURE)
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        return QueryError("an operator or function is given a type that it does not take", hint=_TYPES)
    if isinstance(error, (duckdb.ConversionException, duckdb.OutOfRangeException)):
        return QueryError("a value does not fit the type that the query asks for", hint=_TYPES)
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError("the query needs more memory than there is", hint="take fewer rows, or a shorter time range")
    return QueryError("the local engine cannot run this query", hint=_ON_AZURE)
