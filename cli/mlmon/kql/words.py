"""The words that may come next in a query, for completion at the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from mlmon.core.ports import Dialect
from mlmon.kql.schema import SCHEMAS
from mlmon.kql.tokens import Kind, tokens

_OPERATORS: Final = """
    as count distinct extend getschema join limit lookup make-series mv-apply mv-expand order parse parse-where project
    project-away project-keep project-rename project-reorder render sample sort summarize take top union where
"""
_BETWEEN: Final = """
    and asc between by contains contains_cs desc endswith has has_all has_any has_cs hasprefix in in~ kind let matches
    nulls on or startswith !contains !has !in
"""
_CHARTS: Final = "areachart barchart columnchart linechart piechart table timechart"


def words(before: str, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Words that begin with the last one of the text, without regard to case, each with what it is."""
    typed = last_word(before)
    folded = typed.lower()
    seen: set[str] = set()
    for word, what in _known(before[: len(before) - len(typed)], dialect):
        if word not in seen and word.lower().startswith(folded):
            seen.add(word)
            yield word, what


def _known(before: str, dialect: Dialect) -> Iterator[tuple[str, str]]:
    found = list(tokens(before))
    if found and found[-1].kind is Kind.OPEN:
        return  # within a string
    last = found[-1].text if found else ";"
    tables = SCHEMAS[dialect].tables
    if last == "|":
        yield from ((word, "operator") for word in _OPERATORS.split())
        return
    if last == "render":
        yield from ((word, "chart") for word in _CHARTS.split())
        return
    if last in {";", "(", "union", "join", ","}:
        yield from ((name, "table") for name in tables)
    if last == ";":
        yield from (("let", "word"), ("print", "word"), ("range", "word"), ("union", "word"))
        return
    named = [token.text for token in found if token.text in tables] or list(tables)
    yield from ((column, f"column of {table}") for table in named for column in tables[table])
    own = {token.text for token, after in pairwise(found) if after.text == "="}
    yield from ((name, "named in this query") for name in sorted(own) if name.isidentifier())
    yield from _functions()
    yield from ((word, "word") for word in _BETWEEN.split())


def _functions() -> Iterator[tuple[str, str]]:
    """The functions of the local engine, which Azure has too."""
    from duckdb_kql.translate.functions import AGGREGATE_FUNCTIONS, SCALAR_FUNCTIONS  # 0.3 s that only a prompt needs

    for what, known in (("aggregate", AGGREGATE_FUNCTIONS), ("function", SCALAR_FUNCTIONS)):
        yield from ((name, what) for name in sorted(known) if ":" not in name)  # those with a colon are our own


def last_word(before: str) -> str:
    """The word that is being typed; "" behind a blank or a sign."""
    found = _WORD.search(before)
    return found[0] if found else ""


_WORD: Final = re.compile(r"(?:!?[A-Za-z_][\w-]*|!)$")
