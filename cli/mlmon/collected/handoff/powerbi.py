"""Power BI: a query in M, for the advanced editor."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlmon.collected.handoff.patterns import Pattern, Source
from mlmon.core.model import Generation


def powerbi(sources: Sequence[Source]) -> str:
    """One M query: a table where there is one collection, else a record with a table for each."""
    steps = [step for at, source in enumerate(sources) for step in _steps(source, at)]
    tables = [f"{quoted(source.collection)} = Table{at}" for at, source in enumerate(sources)]
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
        folder = (
            f"{source.folder}/".replace("/", "\\") if re.match(r"/[A-Za-z]:", source.folder) else f"{source.folder}/"
        )
        path = f'Text.Replace(Text.Range([Folder Path] & [Name], {len(folder)}), "\\", "/")'
        listed = [f'Source{at} = Table.AddColumn(Folder.Files({literal(folder)}), "Path", each {path})']
    else:
        endpoint = source.address.rpartition("/")[0]
        container = f"AzureStorage.Blobs({literal(endpoint)}){{[Name={literal(source.container)}]}}[Data]"
        listed = [f'Source{at} = Table.AddColumn({container}, "Path", each [Name])']
    return [
        *listed,
        f"Files{at} = Table.SelectRows(Source{at}, each\n            {conditions})",
        f"Table{at} = {_V1 if source.generation is Generation.V1 else _V2}".replace("FILES", f"Files{at}"),
    ]


def _condition(pattern: Pattern) -> str:
    """Whether a path is meant: its folder, as many levels below it as there should be, its name."""
    levels = pattern.folder.count("/") + pattern.levels
    end = f"/{pattern.name}" if pattern.name else pattern.ending
    return (
        f"(Text.StartsWith([Path], {literal(pattern.folder)}) and Text.EndsWith([Path], {literal(end)})"
        f' and List.Count(Text.PositionOf([Path], "/", Occurrence.All)) = {levels})'
    )


_V1 = """\
Table.Combine(List.Transform(FILES[Content], each Table.PromoteHeaders(
        Csv.Document(_, [Delimiter = ",", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]), [PromoteAllScalars = true]
    )))"""
_V2 = """\
Table.FromRecords(List.Combine(List.Transform(FILES[Content], each List.Combine(List.Transform(
        List.Select(Lines.FromBinary(_, null, null, 65001), each Text.Trim(_) <> ""),
        each let Event = Json.Document(_) in List.Transform(Event[data], each
            [time = Event[time], correlationid = Event[correlationid]] & _))))), null, MissingField.UseNull)"""
