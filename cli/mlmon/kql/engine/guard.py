"""Goes through a query operator by operator, knowing the columns and their types at each one.

Refuses what is known to be answered wrongly, makes right what is small, and says which table or column is unknown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mlmon.core.errors import QueryError, did_you_mean
from mlmon.kql.engine import shapes
from mlmon.kql.engine.kinds import Kinds, canonical, kind_of
from mlmon.kql.engine.reading import Reading
from mlmon.kql.engine.registry import call
from mlmon.kql.engine.rules import Rules

if TYPE_CHECKING:
    from duckdb_kql import ir


class Guard:
    """One query's guard. `named` holds the tables that the query reads, once `query` has run."""

    def __init__(self, tables: Mapping[str, Kinds], reading: Reading) -> None:
        self._tables = tables
        self._reading = reading
        self.named: set[str] = set()

    def query(self, query: ir.Query, scope: Mapping[str, Kinds] | None = None) -> tuple[ir.Query, Kinds]:
        """The query made right, and the columns it gives with their types ("" where not known).

        Raises:
            QueryError: an unknown table or column, or something that would be answered wrongly.
        """
        from duckdb_kql import ir
        from duckdb_kql.translate import _promote_fuzzy_source

        scope = dict(scope or {})
        lets: list[tuple[str, ir.Query | ir.Expr]] = []
        for name, bound in query.lets:
            if isinstance(bound, ir.Query):
                guarded, scope[name] = self.query(bound, scope)
                lets.append((name, guarded))
            else:
                lets.append((name, bound))
        query = _promote_fuzzy_source(query, shapes.column_lists({**self._tables, **scope}))
        source, columns = self._source(query.source, scope)
        operators: list[ir.Operator] = []
        for operator in query.operators:
            steps, columns = self._operator(operator, columns, scope)
            operators += steps
        return ir.Query(source, operators, lets, query.parameters), columns

    # sources

    def _source(self, source: ir.Source, scope: Mapping[str, Kinds]) -> tuple[ir.Source, Kinds]:
        from duckdb_kql import ir
        from duckdb_kql.schema import resolve_source_let_refs

        source = resolve_source_let_refs(source)
        match source:
            case ir.TableRef():
                return source, self._table(source, scope)
            case ir.DataTable():
                kinds: Kinds = {name: canonical(kind) for name, kind in source.columns}
            case ir.PrintSource():
                return self._print(source, scope)
            case ir.RangeSource():
                kinds = {
                    source.name: shapes.range_kind([kind_of(e, {}) for e in (source.start, source.stop, source.step)])
                }
            case ir.WildcardTableRef():
                kinds = self._wildcard(source, scope)
            case ir.GraphSource():
                from duckdb_kql.translate.graph import output_columns

                # its tables are guarded, as nested queries; its patterns are the library's business
                return self._rules({}, scope).rewrite(source), dict.fromkeys(
                    output_columns(source, shapes.column_lists({**self._tables, **scope})), ""
                )
            case _:
                raise QueryError(
                    "this source of rows is not supported by the local engine", hint="run the query on Azure"
                )
        return self._rules({}, scope).rewrite(source), kinds

    def _print(self, source: ir.PrintSource, scope: Mapping[str, Kinds]) -> tuple[ir.PrintSource, Kinds]:
        from duckdb_kql import ir
        from duckdb_kql.schema import source_columns_or_none

        names = source_columns_or_none(source, None) or []
        self._known_columns(source.expressions, {})
        kinds = {name: kind_of(e.expr, {}) for name, e in zip(names, source.expressions, strict=True)}
        rewritten = self._rules({}, scope).rewrite(source.expressions)
        return ir.PrintSource(shapes.named_as(source.expressions, rewritten, names)), kinds

    def _table(self, table: ir.TableRef, scope: Mapping[str, Kinds]) -> Kinds:
        if table.database is not None or table.cluster is not None:
            raise QueryError(
                f"other databases and clusters ({table.qualified}) are not supported by the local engine",
                hint="a local workspace has one database; name the table alone",
            )
        if table.name in scope:
            return scope[table.name]
        if table.name not in self._tables:
            near = did_you_mean(table.name, tuple({*self._tables, *scope}))
            raise QueryError(
                f"{self._at(table.name)}there is no table named {table.name!r}",
                hint=near or "the tables are " + ", ".join(self._tables),
            )
        self.named.add(table.name)
        return self._tables[table.name]

    def _wildcard(self, source: ir.WildcardTableRef, scope: Mapping[str, Kinds]) -> Kinds:
        from duckdb_kql import ir
        from duckdb_kql.schema import match_wildcard

        if source.database is not None:
            raise QueryError("other databases are not supported by the local engine", hint="name the tables alone")
        names = match_wildcard(source, shapes.column_lists({**self._tables, **scope}))
        return shapes.united([self._table(ir.TableRef(name), scope) for name in names])

    # operators

    def _operator(
        self, operator: ir.Operator, columns: Kinds, scope: Mapping[str, Kinds]
    ) -> tuple[list[ir.Operator], Kinds]:
        from duckdb_kql import ir
        from duckdb_kql.schema import resolve_let_refs

        operator = resolve_let_refs(operator, list(columns))
        match operator:
            case ir.Join() | ir.Lookup():
                return self._join(operator, columns, scope)
            case ir.Union():
                return self._union(operator, columns, scope)
            case ir.Summarize():
                return self._summarize(operator, columns, scope)
            case ir.Project() | ir.Extend() | ir.Distinct():
                return self._assign(operator, columns, scope)
        self._known_columns(operator, columns)
        if isinstance(operator, ir.Sort | ir.Top):
            shapes.refuse_dynamic("sorting by", (key.expr for key in operator.keys), columns)
            operator = shapes.nan_beside_null(operator, columns)
        new = self._rules(columns, scope).rewrite(operator)
        return [new], self._after(operator, columns)

    def _after(self, operator: ir.Operator, columns: Kinds) -> Kinds:
        """The columns that an operator leaves, which are the library's names with our types."""
        from duckdb_kql import ir
        from duckdb_kql.schema import _operator_columns

        kinds = dict(columns)
        match operator:
            case ir.Count():
                kinds = {operator.name: "long"}
            case ir.GetSchema():
                kinds = {"ColumnName": "string", "ColumnOrdinal": "long", "DataType": "string", "ColumnType": "string"}
            case ir.ProjectRename():
                self._need(columns, (old for old, _ in operator.renames))
                kinds |= {new: columns[old] for old, new in operator.renames}
            case ir.ProjectAway():
                self._need(columns, (name for name in operator.columns if "*" not in name))
            case ir.MvExpand():
                self._need(columns, (target.column for target in operator.targets))
                shapes.refuse_scalars(operator, columns)
                for target in operator.targets:
                    kinds[target.name or target.column] = canonical(target.to_type or "dynamic")
            case ir.Parse():
                kinds |= {s.name: canonical(s.type or "string") for s in operator.segments if s.name}
        names = _operator_columns(operator, list(columns), None)
        item_index = getattr(operator, "item_index", None)
        return {name: kinds.get(name, "long" if item_index else "") for name in names}

    def _assign(
        self, operator: ir.Project | ir.Extend | ir.Distinct, columns: Kinds, scope: Mapping[str, Kinds]
    ) -> tuple[list[ir.Operator], Kinds]:
        from duckdb_kql import ir
        from duckdb_kql.translate import naming

        self._known_columns(operator, columns)
        before = list(columns)
        match operator:
            case ir.Extend():
                names = naming.extend_names(operator.expressions, before)
            case ir.Project():
                names = naming.project_names(operator.expressions)
            case _:
                names = naming.distinct_names(operator.expressions)
        kinds = {name: kind_of(e.expr, columns) for name, e in zip(names, operator.expressions, strict=True)}
        rewritten = self._rules(columns, scope).rewrite(operator.expressions)
        new = dataclasses.replace(operator, expressions=shapes.named_as(operator.expressions, rewritten, names))
        return [new], ({**columns, **kinds} if isinstance(operator, ir.Extend) else kinds)

    def _summarize(
        self, operator: ir.Summarize, columns: Kinds, scope: Mapping[str, Kinds]
    ) -> tuple[list[ir.Operator], Kinds]:
        from duckdb_kql import ir
        from duckdb_kql.translate import arg_max_targets, summarize_names

        self._known_columns(operator, columns)
        shapes.refuse_dynamic("grouping by", (key.expr for key in operator.by), columns)
        operator = dataclasses.replace(operator, aggregates=tuple(map(shapes.countif_name, operator.aggregates)))
        keys, groups = summarize_names(operator, list(columns))
        kinds = {name: kind_of(e.expr, columns) for name, e in zip(keys, operator.by, strict=True)}
        before: list[ir.Operator] = []
        singles: list[str | None] = []
        for aggregate, names in zip(operator.aggregates, groups, strict=True):
            targets = arg_max_targets(aggregate, keys, list(columns))
            singles.append(None if targets else names[0])
            if targets is None:
                kinds[names[0]] = kind_of(aggregate.expr, columns)
                continue
            _, first, picked = targets
            kinds |= {name: columns[ref.name] for name, ref in zip(names, [first, *picked], strict=True)}
            if columns[first.name] == "real":
                before.append(ir.Extend((ir.NamedExpr(call("not_nan", first), first.name),)))
        rules = self._rules(columns, scope)
        new = ir.Summarize(
            shapes.named_as(operator.aggregates, rules.rewrite(operator.aggregates), singles),
            shapes.named_as(operator.by, rules.rewrite(operator.by), keys),
        )
        return [*before, new], kinds

    def _join(
        self, operator: ir.Join | ir.Lookup, columns: Kinds, scope: Mapping[str, Kinds]
    ) -> tuple[list[ir.Operator], Kinds]:
        from duckdb_kql import ir
        from duckdb_kql.schema import join_output_columns, lookup_output_columns

        right, right_columns = self.query(operator.right, scope)
        self._need(columns, (key.left for key in operator.keys))
        self._need(right_columns, (key.right for key in operator.keys))
        if isinstance(operator, ir.Lookup):
            dropped = {key.right for key in operator.keys}
            names = lookup_output_columns(list(columns), list(right_columns), list(dropped))
            taken = [kind for name, kind in right_columns.items() if name not in dropped]
        else:
            names = join_output_columns(list(columns), list(right_columns), operator.kind)
            taken = list(right_columns.values())
        sided = [*columns.values(), *taken]
        if operator.kind in ("rightsemi", "rightanti"):
            sided = taken
        kinds = dict(zip(names, sided, strict=False))
        # the columns of the answer that an unmatched row leaves out
        left_out = {"leftouter": slice(len(columns), None), "rightouter": slice(len(columns)), "fullouter": slice(None)}
        nullable = names[left_out.get(operator.kind, slice(0))]
        return [dataclasses.replace(operator, right=right), *shapes.never_null(nullable, kinds)], kinds

    def _union(self, operator: ir.Union, columns: Kinds, scope: Mapping[str, Kinds]) -> tuple[list[ir.Operator], Kinds]:
        from duckdb_kql import ir
        from duckdb_kql.schema import union_output_columns

        branches: list[ir.Query] = []
        all_kinds: list[Kinds] = [columns]
        for branch in operator.branches:
            if operator.isfuzzy and isinstance(branch.source, ir.TableRef) and not self._exists(branch.source, scope):
                continue
            guarded, kinds = self.query(branch, scope)
            branches.append(guarded)
            all_kinds.append(kinds)
        new = dataclasses.replace(operator, branches=tuple(branches))
        united = dict(shapes.united(all_kinds))
        if operator.with_source:
            united[operator.with_source] = "string"
        names = union_output_columns(new, list(columns), shapes.column_lists({**self._tables, **scope}))
        kinds = {name: united.get(name, "") for name in names}
        return [new, *shapes.never_null(names if operator.kind != "inner" else [], kinds)], kinds

    def _exists(self, table: ir.TableRef, scope: Mapping[str, Kinds]) -> bool:
        return table.name in scope or table.name in self._tables

    # names

    def _rules(self, columns: Kinds, scope: Mapping[str, Kinds]) -> Rules:
        return Rules(columns, lambda nested: self.query(nested, scope)[0])

    def _known_columns(self, node: Any, columns: Kinds) -> None:
        from duckdb_kql.translate import _referenced_columns

        self._need(columns, sorted(_referenced_columns(node)))

    def _need(self, columns: Kinds, names: Iterable[str]) -> None:
        for name in names:
            if name not in columns:
                raise QueryError(
                    f"{self._at(name)}there is no column named {name!r} here",
                    hint=did_you_mean(name, tuple(columns)) or "the columns are " + (", ".join(columns) or "none"),
                )

    def _at(self, word: str) -> str:
        place = self._reading.find(word)
        return f"line {place[0]}, column {place[1]}: " if place else ""
