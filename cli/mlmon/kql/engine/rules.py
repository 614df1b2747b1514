"""What is made right, expression by expression, once the operands' types are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlmon.core.errors import QueryError
from mlmon.kql.engine.kinds import Kinds, kind_of, numeric
from mlmon.kql.engine.patterns import unicode_classes
from mlmon.kql.engine.registry import PREFIX

if TYPE_CHECKING:
    from duckdb_kql import ir

Rewriter = Callable[["ir.Query"], "ir.Query"]

_COMPARISONS: Final = {"==": "eq", "!=": "ne", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_LONGEST_LIST: Final = (
    1_048_576  # Kusto's own cap: https://learn.microsoft.com/kusto/query/make-list-aggregation-function
)
_REGEX_ARGUMENT: Final = {
    "extract": 0, "extract_all": 0, "replace_regex": 1, "trim": 0, "trim_start": 0, "trim_end": 0,
}  # fmt: skip
_AS_JSON: Final = {"datetime": "datetime", "real": "real", "decimal": "decimal", "guid": "text", "dynamic": "dynamic"}


def call(name: str, *arguments: ir.Expr) -> ir.FunctionCall:
    """A call of one of our own functions."""
    from duckdb_kql import ir

    return ir.FunctionCall(PREFIX + name, arguments)


class Rules:
    """Rewrites expressions over the columns of one operator's input."""

    def __init__(self, columns: Kinds, nested: Rewriter) -> None:
        from duckdb_kql import ir

        self._columns = columns
        self._nested = nested
        self._done: dict[int, tuple[object, Any]] = {}  # the tree shares nodes; each is rewritten once
        self._by_type: dict[type, Callable[[Any, Any], ir.Expr]] = {
            ir.Literal: self._literal,
            ir.BinaryOp: self._binary,
            ir.PathAccess: self._path,
            ir.FunctionCall: self._function,
        }

    def rewrite(self, node: Any) -> Any:
        """The node with everything below it made right; the node itself when there is nothing to do."""
        from duckdb_kql import ir

        if isinstance(node, tuple):
            items = tuple(self.rewrite(item) for item in node)
            return node if all(a is b for a, b in zip(items, node, strict=True)) else items
        if isinstance(node, ir.Query):
            return self._nested(node)
        if not isinstance(node, ir.Node) or not dataclasses.is_dataclass(node):
            return node
        if id(node) in self._done:
            return self._done[id(node)][1]
        changes = {}
        for field in dataclasses.fields(node):
            before = getattr(node, field.name)
            after = self.rewrite(before)
            if after is not before:
                changes[field.name] = after
        new = dataclasses.replace(node, **changes) if changes else node
        rule = self._by_type.get(type(node))
        result = rule(node, new) if rule else new
        self._done[id(node)] = node, result
        return result

    def kind(self, node: ir.Expr) -> str:
        return kind_of(node, self._columns)

    def _literal(self, _: ir.Literal, new: ir.Literal) -> ir.Expr:
        from duckdb_kql import ir

        if new.kind != "string":
            return new
        if new.value is None:
            return ir.Literal("", "string")
        if "\0" not in str(new.value):
            return new
        # DuckDB's parser ends a statement at a NUL
        parts: list[ir.Expr] = []
        for piece in str(new.value).split("\0"):
            parts += [ir.Literal(piece, "string"), call("nul")]
        return ir.FunctionCall("strcat", tuple(parts[:-1]))

    def _binary(self, old: ir.BinaryOp, new: ir.BinaryOp) -> ir.Expr:
        left, right = self.kind(old.left), self.kind(old.right)
        if old.op in _COMPARISONS:
            return self._comparison(new, left, right)
        if old.op in ("+", "-", "*", "/", "%"):
            return self._arithmetic(new, left, right)
        if old.op == "matches regex":
            return dataclasses.replace(new, right=_regex(new.right))
        return new

    def _comparison(self, new: ir.BinaryOp, left: str, right: str) -> ir.Expr:
        both = {left, right}
        equality = new.op in ("==", "!=", "<>")
        if left == right == "dynamic":
            raise QueryError(
                f"two dynamic values cannot be compared ({new.op})",
                hint="convert them first with tostring() or tolong()",
            )
        if equality and both == {"string", "bool"}:
            # `success == false`, where success is the text "False"
            return dataclasses.replace(
                new,
                left=call("bool_of_text", new.left) if left == "string" else new.left,
                right=call("bool_of_text", new.right) if right == "string" else new.right,
            )
        if "dynamic" in both and numeric(*(both - {"dynamic"})) and len(both) == 2:
            return dataclasses.replace(
                new,
                left=call("number_of_dynamic", new.left) if left == "dynamic" else new.left,
                right=call("number_of_dynamic", new.right) if right == "dynamic" else new.right,
            )
        if "real" in both and numeric(*both):
            return call(f"real_{_COMPARISONS[new.op]}", new.left, new.right)
        return new

    def _arithmetic(self, new: ir.BinaryOp, left: str, right: str) -> ir.Expr:
        if "dynamic" in (left, right):
            raise QueryError(
                f"arithmetic ({new.op}) needs numbers, not a dynamic value",
                hint="convert it first: todouble(customMeasurements.x)",
            )
        if new.op != "/":
            return new
        if left == right == "timespan":
            return call("timespan_ratio", new.left, new.right)
        if left == "timespan" and numeric(right):
            return call("timespan_divide", new.left, new.right)
        if numeric(left, right) and "real" in (left, right):
            return call("real_divide", new.left, new.right)
        return new

    def _path(self, old: ir.PathAccess, new: ir.PathAccess) -> ir.Expr:
        from duckdb_kql import ir

        if self.kind(old.base) == "string":
            raise QueryError(
                "a property is taken of text, which has none", hint="parse it first: parse_json(message).name"
            )
        base: ir.Expr = new.base
        plain: list[ir.PathStep] = []
        for step in new.steps:
            # The library writes names into a JSON path, where these characters would not stand for themselves
            if step.name is None or not set(step.name) & set('"\\*'):
                plain.append(step)
                continue
            base = ir.PathAccess(base, tuple(plain)) if plain else base
            plain = []
            base = call("member", base, ir.Literal("/" + step.name.replace("~", "~0").replace("/", "~1"), "string"))
        return ir.PathAccess(base, tuple(plain)) if plain else base

    def _function(self, old: ir.FunctionCall, new: ir.FunctionCall) -> ir.Expr:
        name = new.name.lower()
        kinds = [self.kind(argument) for argument in old.args]
        if name in _REGEX_ARGUMENT:
            at = _REGEX_ARGUMENT[name]
            arguments = [_regex(a) if i == at else a for i, a in enumerate(new.args)]
            new = dataclasses.replace(new, args=tuple(arguments))
        rule = _FUNCTIONS.get((name, kinds[0])) or _FUNCTIONS.get((name, "")) if kinds else None
        return rule(new, kinds) if rule else new


def _regex(node: ir.Expr) -> ir.Expr:
    """RE2's classes know ASCII only, Kusto's know all of Unicode."""
    from duckdb_kql.translate import constant_string

    pattern = constant_string(node)
    return dataclasses.replace(_text(unicode_classes(pattern))) if pattern is not None else node


def _text(value: str) -> ir.Literal:
    from duckdb_kql import ir

    return ir.Literal(value, "string")


def _on_argument(function: str) -> _Rule:
    """Convert the argument first."""

    def rule(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
        return dataclasses.replace(new, args=(call(function, new.args[0]), *new.args[1:]))

    return rule


def _instead(function: str, arity: int = 1) -> _Rule:
    """Call ours with the same arguments."""

    def rule(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
        return call(function, *new.args) if len(new.args) == arity else new

    return rule


def _constant(*, value: bool) -> _Rule:
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


def _text_of_constant(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
    if _computed_constant(new.args[0]):
        raise QueryError(
            "tostring() of a computed constant is not supported by the local engine",
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


def _count(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
    return dataclasses.replace(new, args=())


def _as_json(new: ir.FunctionCall, _: list[str]) -> ir.Expr:
    return call("json_of_lists", new)


_Rule = Callable[["ir.FunctionCall", list[str]], "ir.Expr"]

# (function, type of the first argument, "" for any) -> what it becomes
_FUNCTIONS: Final[dict[tuple[str, str], _Rule]] = {
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
    ("tobool", "string"): _on_argument("bool_text"),
    ("toboolean", "string"): _on_argument("bool_text"),
    ("toint", "string"): _instead("int_of_text"),
    ("tolong", "string"): _instead("long_of_text"),
    ("tolong", "real"): _long_of_constant,
    ("tostring", "real"): _text_of_constant,
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
    ("count", ""): _count,
    ("min", "real"): _instead("min_real"),
    ("max", "real"): _instead("max_real"),
    ("sum", "timespan"): _instead("sum_timespan"),
    ("avg", "timespan"): _instead("avg_timespan"),
    ("avg", "datetime"): _instead("avg_datetime"),
}
