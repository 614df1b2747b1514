"""A small interpreter of Power Query M: as much of the language as `mlmon handoff powerbi` writes, over a folder.

The tree is made by Power Query's own parser. What the library's functions do is written after their documentation
(https://learn.microsoft.com/powerquery-m/power-query-m-function-reference): nothing but Power BI itself runs them.
A construct or a function that is not here is an error, so that no query passes by being passed over.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Tree = Mapping[str, Any]
Scope = dict[str, Any]
Record = dict[str, Any]


@dataclass
class Table:
    """Rows, and the columns that all of them have."""

    columns: list[str]
    rows: list[Record]


class Failed(Exception):
    """What `try` catches."""


def run(tree: Tree, containers: Mapping[tuple[str, str], Path]) -> Any:
    """The value of a query. A container, by its account's address and its name, is a folder."""
    library = dict(_LIBRARY)

    def blobs(account: str) -> Table:
        found = [
            {"Name": name, "Data": Table(["Content", "Name"], _blobs(folder))}
            for (address, name), folder in containers.items()
            if address == account
        ]
        return Table(["Name", "Data"], found)

    library["AzureStorage.Blobs"] = blobs
    return _value(tree, library)


def _blobs(folder: Path) -> list[Record]:
    return [
        {"Content": path.read_bytes(), "Name": path.relative_to(folder).as_posix()}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def _files(folder: str) -> Table:
    """`Folder.Files`: every file below, hidden ones too; the path of each one's folder ends in the separator."""
    paths = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    rows = [{"Content": path.read_bytes(), "Name": path.name, "Folder Path": f"{path.parent}/"} for path in paths]
    return Table(["Content", "Name", "Folder Path"], rows)


def _value(tree: Tree, scope: Scope) -> Any:
    return _KINDS[tree["kind"]](tree, scope)


def _let(tree: Tree, scope: Scope) -> Any:
    inner = dict(scope)
    for pair in _items(tree["variableList"]):
        inner[_name(pair["key"]["literal"])] = _value(pair["value"], inner)
    return _value(tree["expression"], inner)


def _items(wrapper: Tree) -> list[Tree]:
    """What stands between commas."""
    return [each["node"] for each in wrapper.get("content", wrapper)["elements"]]


def _literal(tree: Tree, _scope: Scope) -> Any:
    text = tree["literal"]
    match tree["literalKind"]:
        case "Text":
            return _text(text)
        case "Numeric":
            return float(text) if "." in text else int(text)
        case _:
            return {"null": None, "true": True, "false": False}[text]


def _text(literal: str) -> str:
    def escaped(found: re.Match[str]) -> str:
        return "#" if found[1] == "#" else chr(int(found[1], 16))

    return re.sub(r"#\((#|[0-9A-F]{4})\)", escaped, literal[1:-1].replace('""', '"'))


def _name(literal: str) -> str:
    return _text(literal[1:]) if literal.startswith('#"') else literal


def _record(tree: Tree, scope: Scope) -> Record:
    return {_name(pair["key"]["literal"]): _value(pair["value"], scope) for pair in _items(tree)}


def _list(tree: Tree, scope: Scope) -> list[Any]:
    return [_value(each, scope) for each in _items(tree)]


def _each(tree: Tree, scope: Scope) -> Callable[[Any], Any]:
    return lambda row: _value(tree["paired"], {**scope, "_": row})


def _function(tree: Tree, scope: Scope) -> Callable[..., Any]:
    names = [each["name"]["literal"] for each in _items(tree["parameters"])]
    return lambda *given: _value(tree["expression"], {**scope, **dict(zip(names, given, strict=True))})


def _chain(tree: Tree, scope: Scope) -> Any:
    value = _value(tree["head"], scope)
    for step in tree["recursiveExpressions"]["elements"]:
        match step["kind"]:
            case "InvokeExpression":
                value = value(*(_value(each, scope) for each in _items(step)))
            case "FieldSelector":
                value = _field(value, step)
            case "ItemAccessExpression":
                value = _item(value, _value(step["content"], scope))
    return value


def _field(value: Any, selector: Tree) -> Any:
    name = _name(selector["content"]["literal"])
    if isinstance(value, Table):
        assert name in value.columns
        return [row[name] for row in value.rows]
    if not isinstance(value, dict) or (name not in value and "optionalConstant" not in selector):
        raise Failed(name)
    return value.get(name)


def _item(value: Any, key: Any) -> Any:
    if not isinstance(value, Table):
        return value[key]
    [found] = (row for row in value.rows if row.items() >= key.items())
    return found


def _if(tree: Tree, scope: Scope) -> Any:
    return _value(tree["trueExpression" if _value(tree["condition"], scope) else "falseExpression"], scope)


def _try(tree: Tree, scope: Scope) -> Any:
    try:
        return _value(tree["protectedExpression"], scope)
    except (Failed, ValueError):
        return _value(tree["handler"]["paired"], scope)


def _is(tree: Tree, scope: Scope) -> bool:
    kinds: Mapping[str, type] = {"list": list, "record": dict}
    return isinstance(_value(tree["left"], scope), kinds[tree["right"]["primitiveTypeKind"]])


def _logical(tree: Tree, scope: Scope) -> bool:
    left = _value(tree["left"], scope)
    assert isinstance(left, bool)
    if left == (tree["operatorConstant"]["constantKind"] == "or"):
        return left
    right = _value(tree["right"], scope)
    assert isinstance(right, bool)
    return right


def _equality(tree: Tree, scope: Scope) -> bool:
    same = bool(_value(tree["left"], scope) == _value(tree["right"], scope))
    return same if tree["operatorConstant"]["constantKind"] == "=" else not same


def _arithmetic(tree: Tree, scope: Scope) -> Any:
    """`&`: texts one after the other, and records, of which the right one wins."""
    assert tree["operatorConstant"]["constantKind"] == "&"
    left, right = _value(tree["left"], scope), _value(tree["right"], scope)
    return left | right if isinstance(left, dict) else left + right


_KINDS: Final[Mapping[str, Callable[[Tree, Scope], Any]]] = {
    "ArithmeticExpression": _arithmetic,
    "EachExpression": _each,
    "EqualityExpression": _equality,
    "ErrorHandlingExpression": _try,
    "FieldSelector": lambda tree, scope: _field(scope["_"], tree),
    "FunctionExpression": _function,
    "IdentifierExpression": lambda tree, scope: scope[_name(tree["identifier"]["literal"])],
    "IfExpression": _if,
    "IsExpression": _is,
    "LetExpression": _let,
    "ListExpression": _list,
    "LiteralExpression": _literal,
    "LogicalExpression": _logical,
    "ParenthesizedExpression": lambda tree, scope: _value(tree["content"], scope),
    "RecordExpression": _record,
    "RecursivePrimaryExpression": _chain,
}


def _document(content: bytes, options: Record) -> Table:
    """`Csv.Document`: rows of text, of as many columns as the first has."""
    assert options == {"Delimiter": ",", "Encoding": 65001, "QuoteStyle": "quotes may hold line ends"}
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    columns = [f"Column{at}" for at, _ in enumerate(rows[0], start=1)]
    return Table(columns, [dict(zip(columns, row, strict=True)) for row in rows])


def _promoted(table: Table, _options: Record) -> Table:
    first, *rows = table.rows
    names = [first[column] for column in table.columns]
    return Table(names, [dict(zip(names, row.values(), strict=True)) for row in rows])


def _combined(tables: list[Table]) -> Table:
    columns = list(dict.fromkeys(name for table in tables for name in table.columns))
    return Table(columns, [dict.fromkeys(columns) | row for table in tables for row in table.rows])


def _from_records(rows: list[Record], columns: list[str], missing: str) -> Table:
    assert missing == "null"
    assert all(row.keys() <= set(columns) for row in rows)
    return Table(columns, [dict.fromkeys(columns) | row for row in rows])


def _add_column(table: Table, name: str, make: Callable[[Record], Any]) -> Table:
    return Table([*table.columns, name], [{**row, name: make(row)} for row in table.rows])


_LIBRARY: Final[Mapping[str, Any]] = {
    "Csv.Document": _document,
    "Folder.Files": _files,
    "Json.Document": json.loads,
    "Lines.FromBinary": lambda content, _style, _separators, _encoding: content.decode().splitlines(),
    "List.Combine": lambda lists: [each for one in lists for each in one],
    "List.Count": len,
    "List.Intersect": lambda lists: [each for each in lists[0] if all(each in other for other in lists[1:])],
    "List.Positions": lambda values: list(range(len(values))),
    "List.Select": lambda values, wanted: [each for each in values if wanted(each)],
    "List.Transform": lambda values, make: [make(each) for each in values],
    "List.Union": lambda lists: list(dict.fromkeys(each for one in lists for each in one)),
    "MissingField.UseNull": "null",
    "Occurrence.All": "all",
    "QuoteStyle.Csv": "quotes may hold line ends",
    "Record.FieldNames": list,
    "Record.RenameFields": lambda record, pairs: {dict(pairs).get(name, name): cell for name, cell in record.items()},
    "Table.AddColumn": _add_column,
    "Table.Combine": _combined,
    "Table.FromRecords": _from_records,
    "Table.PromoteHeaders": _promoted,
    "Table.SelectRows": lambda table, wanted: Table(table.columns, [row for row in table.rows if wanted(row)]),
    "Text.EndsWith": lambda text, end: text.endswith(end),
    "Text.Length": lambda text: len(text.encode("utf-16-le")) // 2,
    "Text.PositionOf": lambda text, part, _all: [found.start() for found in re.finditer(re.escape(part), text)],
    "Text.Range": lambda text, start: text.encode("utf-16-le")[2 * start :].decode("utf-16-le"),
    "Text.StartsWith": lambda text, start: text.startswith(start),
}
