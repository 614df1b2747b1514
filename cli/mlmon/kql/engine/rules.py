"""What is made right, expression by expression, once the operands' types are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlmon.core.errors import QueryError
from mlmon.kql.engine.functions import FUNCTIONS, regex, unchanged
from mlmon.kql.engine.kinds import Kinds, kind_of, numeric
from mlmon.kql.engine.registry import call

if TYPE_CHECKING:
    from duckdb_kql import ir

Rewriter = Callable[["ir.Query"], "ir.Query"]

_DIGITS_OF_INT: Final = 10
_COMPARISONS: Final = {"==": "eq", "!=": "ne", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


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
            return self._comparison(old, new, left, right)
        if old.op in ("+", "-", "*", "/", "%"):
            return self._arithmetic(new, left, right)
        if old.op == "matches regex":
            return dataclasses.replace(new, right=regex(new.right))
        return new

    def _comparison(self, old: ir.BinaryOp, new: ir.BinaryOp, left: str, right: str) -> ir.Expr:
        both = {left, right}
        equality = new.op in ("==", "!=", "<>")
        if left == right == "dynamic":
            raise QueryError(
                f"two dynamic values cannot be compared ({new.op})",
                hint="convert them first with tostring() or tolong()",
            )
        if "string" in both and numeric(*(both - {"string"})) and len(both) == 2:
            raise _text_and_number(old, left, right)
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
        return FUNCTIONS.get((name, kinds[0]), FUNCTIONS.get((name, ""), unchanged))(new, kinds) if kinds else new


def _text_and_number(node: ir.BinaryOp, left: str, right: str) -> QueryError:
    """As Kusto's SEM0064."""
    from duckdb_kql import ir

    text, number, kind = (node.left, node.right, right) if left == "string" else (node.right, node.left, left)
    written, convert = f"tostring({_name(number)})", "todouble" if kind == "real" else f"to{kind}"
    if isinstance(number, ir.Literal):
        written = f'"{number.value}"'
        # what a person writes is long, whatever is meant
        convert = "toint" if kind == "long" and len(written) < _DIGITS_OF_INT else convert
    return QueryError(
        f"values of types {left} and {right} cannot be compared ({node.op})",
        hint=f"compare with {written}, or {convert}({_name(text)})",
    )


def _name(node: ir.Expr) -> str:
    from duckdb_kql import ir

    return node.name if isinstance(node, ir.ColumnRef) else "…"
