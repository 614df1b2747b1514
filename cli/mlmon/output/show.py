"""The one place that prints a result."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import replace

from mlmon.core.errors import ExitCode, Failure, UsageError
from mlmon.output.passing import counted, held, line_rows, writer
from mlmon.output.results import (
    Change,
    Entry,
    Faces,
    Format,
    Lines,
    Nothing,
    Page,
    Record,
    Result,
    Row,
    Rows,
    Text,
    Watched,
)
from mlmon.output.terminal import Terminal


def show(result: Result, *, format: Format, terminal: Terminal, raw: bool = False) -> ExitCode:  # noqa: A002 - the option's name
    """Print a result on stdout, and what people should know about it on stderr.

    Through a pipe, machine formats are UTF-8 bytes and exact. On a terminal, control characters are written out
    in every format; `raw` leaves them in the lines of a log, and in csv, tsv and md on a terminal.

    Returns:
        The result's exit code.

    Raises:
        UsageError: parquet is asked for on a terminal, or of something that is not rows.
        BrokenPipeError: the reader is gone.
        Failure: stdout cannot be written, or a value is nested too deeply.
    """
    if isinstance(result, Watched):
        return _show_watched(result, format, terminal)
    if isinstance(result, Faces):
        face = result.people if format is Format.TABLE else result.machines
        try:
            if isinstance(face, Page):
                with _not_too_deep():
                    _show_page(face, terminal)
            else:
                show(face, format=format, terminal=terminal, raw=raw)
        except BrokenPipeError:
            if result.unread and (error := result.unread()):
                raise error from None
            raise
        finally:
            _end(face)
        if result.error:
            raise result.error
        return result.ending() if result.ending else result.exit_code
    check(format, rows=not isinstance(result, Change | Text), terminal=terminal)
    with _not_too_deep():
        match result:
            case Nothing():
                pass
            case _ if format is Format.TABLE:
                _show_table(result, terminal, raw=raw)
            case _ if format is Format.PARQUET:
                _show_parquet(result, terminal)
            case _:
                _show_machine(result, format, terminal, raw=raw)
    terminal.flush()
    return result.exit_code


def _end(face: object) -> None:
    """End what is made while it is read: what it has to say of that comes before what is said of the error."""
    made = face.rows if isinstance(face, Rows) else face.lines if isinstance(face, Lines) else None
    if isinstance(made, Generator):
        made.close()


@contextmanager
def _not_too_deep() -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise Failure("a value is nested too deeply to be written", hint="choose fewer fields") from None


def check(format: Format, *, rows: bool, terminal: Terminal) -> None:  # noqa: A002 - the option's name
    """Refuse a format that cannot be had, before any work is done. `rows` says whether the answer will be rows.

    Raises:
        UsageError: parquet is binary, and stdout is a terminal; or the answer is not rows.
    """
    if format is Format.PARQUET and not rows:
        raise UsageError("this answer is not rows, so parquet cannot hold it", hint="choose -o json")
    if format is Format.PARQUET and terminal.stdout.is_terminal:
        raise UsageError(
            "parquet is binary and would garble the terminal", hint="redirect it: mlmon … -o parquet > rows.parquet"
        )


def _show_table(result: Rows | Record | Change | Lines | Text, terminal: Terminal, *, raw: bool) -> None:
    from mlmon.output import text

    match result:
        case Rows():
            _say_left_out(_show_text_rows(result, terminal), terminal)
        case Record():
            terminal.write(text.record_lines(result, terminal.stdout))
            left_out: Sequence[str] = ()
            if result.rows is not None:
                left_out = _show_text_rows(result.rows, terminal, lead="\n" if result.fields else "")
            if result.calendars:
                from mlmon.output.calendar import calendars

                stdout = terminal.stdout
                width = terminal.width if stdout.is_terminal else None
                terminal.write(calendars(result.calendars, stdout, width=width))
            _say_left_out(left_out, terminal)
        case Change():
            terminal.write(text.change_text(result))
        case Text():
            terminal.write(result.text)
        case Lines():
            _show_lines(result, terminal, raw=raw)


def _show_lines(lines: Lines, terminal: Terminal, *, raw: bool) -> None:
    from mlmon.output import entries, text

    show_line = text.raw_line if raw else text.safe_line
    line: Row | str | Entry | None = None
    for line in lines.lines:
        match line:
            case Entry(gap=True) if raw:
                terminal.note("; ".join(line.lines), level="warning")
            case Entry() if raw:
                terminal.write_bytes(entries.raw_text(line))
            case Entry():
                terminal.write(entries.entry_text(line, lines, terminal))
            case _:
                terminal.write(show_line(line if isinstance(line, str) else line.get(lines.text)))
        terminal.flush()
    if line is None and lines.empty:
        terminal.note(lines.empty)


def check_watching(format: Format, terminal: Terminal) -> None:  # noqa: A002 - the option's name
    """Raises `UsageError` where no page can be drawn over another."""
    if format is not Format.TABLE or not terminal.stdout.moving:
        raise UsageError(
            "--watch draws one page over the other, and that needs a terminal and no other format than a table",
            hint="leave --watch out, and run the command as often as you like",
        )


def _show_watched(result: Watched, format: Format, terminal: Terminal) -> ExitCode:  # noqa: A002 - the option's name
    from mlmon.output.redrawing import redraw

    check_watching(format, terminal)
    with _not_too_deep():
        redraw(result.pages, terminal, draw=_show_page)
    return result.exit_code


def _show_page(page: Page, terminal: Terminal, height: int = 0) -> None:
    """The parts, a blank line between any two that show something. `height` is that of the charts, 0 the usual one."""
    from mlmon.output.charts import HEIGHT, chart

    lead = ""
    for part in page.parts:
        shown = True
        match part:
            case Rows():
                known = list(part.rows)
                shown = bool(known)
                _say_left_out(_show_text_rows(replace(part, rows=known), terminal, lead=lead), terminal)
            case Record() | Text():
                terminal.write(lead)
                _show_table(part, terminal, raw=False)
            case _:
                terminal.write(lead + chart(part, terminal.stdout, width=terminal.width, height=height or HEIGHT))
        lead = "\n" if shown else lead
    terminal.flush()


def _show_text_rows(rows: Rows, terminal: Terminal, *, lead: str = "") -> Sequence[str]:
    """Print a table. Returns the columns that had no room in it."""
    from mlmon.output import text

    known = list(counted(rows.rows, rows.empty, terminal))
    if not known:
        return ()
    terminal.write(lead)
    table = text.table(rows, known, terminal)
    for piece in table.pieces:
        terminal.write(piece)
    return table.left_out


def _say_left_out(columns: Sequence[str], terminal: Terminal) -> None:
    if columns:
        names = ", ".join(columns)
        terminal.note(f"left out to fit {terminal.width} columns: {names} (-o json has them)")


def _show_parquet(result: Rows | Record | Change | Lines | Text, terminal: Terminal) -> None:
    from mlmon.output.parquet import parquet

    match result:
        case Rows(parquet=made) if made is not None:
            for chunk in made():
                terminal.write_bytes(chunk)
            return
        case Rows(fields=fields):
            rows: Iterable[Row] = counted(result.rows, result.empty, terminal)
        case Record(rows=Rows(fields=fields) as nested):
            rows = counted(nested.rows, nested.empty, terminal)
        case Lines(fields=fields):
            rows = counted(line_rows(result), result.empty, terminal)
        case _:
            raise UsageError("this answer is not rows, so parquet cannot hold it", hint="choose -o json")
    for chunk in parquet(fields, rows):
        terminal.write_bytes(chunk)


def _show_machine(  # noqa: C901 - a branch for each kind of result
    result: Rows | Record | Change | Lines | Text,
    format: Format,  # noqa: A002 - the option's name
    terminal: Terminal,
    *,
    raw: bool,
) -> None:
    from mlmon.output import render

    write = writer(format, terminal, raw=raw)
    if isinstance(result, Record) and result.rows is not None and format is Format.JSON:
        nested = result.rows
        result = replace(result, rows=replace(nested, rows=list(counted(nested.rows, nested.empty, terminal))))
    if isinstance(result, Record | Change | Text) and format is Format.JSON:
        write(render.json_document(result))
        return
    match result:
        case Text():
            write(render.jsonl_document(result) if format is Format.JSONL else result.text)
            return
        case Record(rows=None) | Change() if format is Format.JSONL:
            write(render.jsonl_document(result))
            return
        case Record() | Change():
            rows = render.as_rows(render.as_record(result))
        case Lines():
            rows = Rows(result.fields, line_rows(result), empty=result.empty)
        case Rows():
            rows = result
    if rows.written and (pieces := rows.written(format)) is not None:
        for piece in pieces:
            write(piece)
        return
    if rows.caption and format is Format.MD:
        write(f"{render.markdown_text(rows.caption)}\n\n")
    _stream(rows, format, terminal, write=write, following=isinstance(result, Lines))


def _stream(
    rows: Rows,
    format: Format,  # noqa: A002 - the option's name
    terminal: Terminal,
    *,
    write: Callable[[str], None],
    following: bool,
) -> None:
    from mlmon.output import render

    writers: dict[Format, render.RowWriter] = {
        Format.JSON: render.json_rows,
        Format.JSONL: render.jsonl,
        Format.CSV: render.csv_rows,
        Format.TSV: render.tsv,
        Format.MD: render.markdown,
    }
    slow = following or not isinstance(rows.rows, Sized)  # what is made while it is read is shown as it comes
    pieces = writers[format](rows.fields, counted(rows.rows, rows.empty, terminal))
    # a list of rows that breaks off is worth less than none; lines that are followed never end
    for piece in held(pieces) if format is Format.JSON and slow and not following else pieces:
        write(piece)
        if slow:
            terminal.flush()
