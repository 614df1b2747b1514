"""Power BI: a query in M, for the advanced editor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mlmon.collected.handoff.naming import distinct
from mlmon.collected.handoff.patterns import Pattern, Source
from mlmon.core.model import Generation


def powerbi(sources: Sequence[Source]) -> str:
    """One M query: a table where there is one collection, else a record with a table for each."""
    steps = [step for at, source in enumerate(sources) for step in _steps(source, at)]
    names = distinct([source.collection for source in sources])
    tables = [f"{quoted(name)} = Table{at}" for at, name in enumerate(names)]
    result = "Table0" if len(sources) == 1 else f"[{', '.join(tables)}]"
    return "let\n    " + ",\n    ".join(steps) + f"\nin\n    {result}\n"


def literal(text: str) -> str:
    """Text as M: quotes doubled, and what begins an escape or leaves the line escaped."""
    return '"' + re.sub(r'"|#|[\x00-\x1f\x7f-\x9f\u2028\u2029]', _escaped, text) + '"'


def quoted(name: str) -> str:
    """A field's name as M."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    return name if plain else f"#{literal(name)}"


def _escaped(found: re.Match[str]) -> str:
    letter = found[0]
    if letter == '"':
        return '""'
    return "#(#)" if letter == "#" else f"#({ord(letter):04X})"


def _steps(source: Source, at: int) -> list[str]:
    conditions = "\n            or ".join(_condition(pattern) for pattern in source.patterns)
    if source.is_local:
        listed = _local_files(source, at)
    else:
        container = f"AzureStorage.Blobs({literal(source.endpoint)}){{[Name={literal(source.container)}]}}[Data]"
        listed = [f'Source{at} = Table.AddColumn({container}, "Path", each [Name])']
    return [
        *listed,
        f"Files{at} = Table.SelectRows(Source{at}, each\n            {conditions})",
        *(step.replace("@", str(at)) for step in (_V1 if source.generation is Generation.V1 else _V2)),
    ]


def _local_files(source: Source, at: int) -> list[str]:
    folder = f"{source.folder}/".replace("/", "\\") if source.is_windows else f"{source.folder}/"
    below = f"Text.Range([Folder Path] & [Name], Text.Length(Folder{at}))"
    path = f'Text.Replace({below}, "\\", "/")' if source.is_windows else below
    return [
        f"Folder{at} = {literal(folder)}",
        f'Source{at} = Table.AddColumn(Folder.Files(Folder{at}), "Path", each {path})',
    ]


def _condition(pattern: Pattern) -> str:
    """Whether a path is meant: its folder, as many levels below it as there should be, its name."""
    levels = pattern.folder.count("/") + pattern.levels
    end = f"/{pattern.name}" if pattern.name else pattern.ending
    return (
        f"(Text.StartsWith([Path], {literal(pattern.folder)}) and Text.EndsWith([Path], {literal(end)})"
        f' and List.Count(Text.PositionOf([Path], "/", Occurrence.All)) = {levels})'
    )


_V1: Final = [
    """\
Table@ = Table.Combine(List.Transform(Files@[Content], each Table.PromoteHeaders(
        Csv.Document(_, [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]), [PromoteAllScalars = true]
    )))"""
]
_V2: Final = [
    """\
Lines@ = List.Combine(List.Transform(Files@[Content], each Lines.FromBinary(_, null, null, 65001)))""",
    """\
// lines that are no JSON, such as one still being written, are passed over
    Events@ = List.Select(List.Transform(Lines@, each try Json.Document(_) otherwise null), each _ is record)""",
    """\
// a row for each record; what is none, as payload logging keeps it, is in "value", and so is the URL of data that
    // was too large for its line
    Rows@ = List.Combine(List.Transform(Events@, (Event) =>
        let
            Data = Event[data],
            Records = if Data is list then Data else {Data}
        in
            List.Transform(List.Positions(Records), (Row) =>
                let
                    Ids = [
                        time = Event[time]?, correlationid = Event[correlationid]?, xrequestid = Event[xrequestid]?,
                        row = Row
                    ],
                    Cells = if Records{Row} is record then Records{Row} else [value = Records{Row}],
                    Alike = List.Intersect({Record.FieldNames(Cells), Record.FieldNames(Ids)})
                in
                    Ids & Record.RenameFields(Cells, List.Transform(Alike, each {_, "data." & _})))))""",
    """\
Table@ = Table.FromRecords(
        Rows@, List.Union(List.Transform(Rows@, Record.FieldNames)), MissingField.UseNull)""",
]
