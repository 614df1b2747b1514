"""The command tree, and `@command`: a function of a session that returns a Result becomes a command."""

import inspect
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from mlmon import VERSION_LINE
from mlmon.commands.options import (
    FORMATS,
    CloudOption,
    DebugOption,
    NoColorOption,
    OutputOption,
    QuietOption,
    StorageAuthOption,
    TenantOption,
    TimeoutOption,
    WorkspaceOption,
    one_of,
)
from mlmon.commands.wording import Command, Tree, bounded
from mlmon.core.errors import UsageError
from mlmon.output.results import Format, Lines, Result, Text
from mlmon.output.show import check, show
from mlmon.output.streams import Stream
from mlmon.output.terminal import Terminal
from mlmon.session import GlobalOptions, Session, World

app = typer.Typer(
    name="mlmon",
    cls=Tree,
    help="The monitoring life of models deployed on Azure Machine Learning.",
    epilog="No workspace yet? mlmon demo makes one, with real services and history, and shows the main job.",
    no_args_is_help=True,
    add_completion=False,  # mlmon completion prints scripts of its own; typer's for zsh runs what a service is named
    pretty_exceptions_enable=False,
    suggest_commands=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(context: typer.Context, wanted: bool | None) -> None:  # noqa: FBT001 - typer calls it so
    """`--version` among other options; alone it is answered by `main`."""
    if wanted:
        world: World = context.find_root().obj
        Stream.of(world.stdout, world.environ).write(VERSION_LINE)
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    *,
    output: OutputOption = None,
    workspace: WorkspaceOption = None,
    quiet: QuietOption = None,
    debug: DebugOption = None,
    no_color: NoColorOption = None,
    tenant: TenantOption = None,
    cloud: CloudOption = None,
    storage_auth: StorageAuthOption = None,
    timeout: TimeoutOption = None,
    version: Annotated[  # noqa: ARG001 - its callback has done everything
        bool | None, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = None,
) -> None:
    context.meta[_OPTIONS] = GlobalOptions(
        output,
        workspace,
        quiet,
        debug,
        no_color,
        tenant=tenant,
        cloud=cloud,
        storage_auth=storage_auth,
        timeout=timeout,
    )


_OPTIONS: Final = "mlmon.options"
_GLOBALS: Final = {
    "output": OutputOption,
    "workspace": WorkspaceOption,
    "quiet": QuietOption,
    "debug": DebugOption,
    "no_color": NoColorOption,
    "tenant": TenantOption,
    "cloud": CloudOption,
    "storage_auth": StorageAuthOption,
    "timeout": TimeoutOption,
}


class Group(StrEnum):
    """Which commands stand together in the help, in this order."""

    START = "Start"
    SERVICES = "Services"
    TELEMETRY = "Logs and telemetry"
    DATA = "Collected data"
    DRIFT = "Drift"
    SHELL = "Shell"


def command(
    name: str, group: Group, *, examples: Sequence[str], rows: bool = False, piped: Format = Format.TABLE
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Add a command to the tree.

    The function takes a `Session` first and returns a Result; `rows` says that it is rows, so that parquet can hold
    it. The global options are added here, and so is the printing: in the format asked for, else as a table on a
    terminal and as `piped` off one. Parsed, a command is a call that `main` makes.
    """

    def add(function: Callable[..., Result]) -> Callable[..., Result]:
        def run(context: typer.Context, **arguments: Any) -> Callable[[], int]:
            own = GlobalOptions(**{key: arguments.pop(key) for key in _GLOBALS})
            options, world = own.over(context.meta[_OPTIONS]), context.find_root().obj

            def work() -> int:
                session = _session(world, options)
                asked = asked_format(session)
                if asked:
                    check(asked, rows=rows, terminal=session.terminal)
                result = function(session, **arguments)
                # text of ours (a query to paste, a script) and lines are themselves unless another format was asked for
                chosen = asked or (Format.TABLE if isinstance(result, Text | Lines) else piped)
                return show(result, format=chosen, terminal=session.terminal, raw=bool(arguments.get("raw")))

            # typer only parses: inside it Ctrl-C and a reader that went away become exit codes of its own
            return work

        _, *parameters = (one.replace(annotation=bounded(one.annotation)) for one in _parameters(function))
        added = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
            for key, annotation in _GLOBALS.items()
        ]
        first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        shown = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        run.__signature__ = inspect.Signature([first, *shown, *added])  # type: ignore[attr-defined]  # read by typer
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (first, *shown, *added)}
        app.command(
            name, cls=Command, help=_help(function, examples), short_help=_summary(function), rich_help_panel=group
        )(run)
        return function

    return add


def _parameters(function: Callable[..., Result]) -> Sequence[inspect.Parameter]:
    return tuple(inspect.signature(function).parameters.values())


def _session(world: World, options: GlobalOptions) -> Session:
    terminal = Terminal.of(world.stdin, world.stdout, world.stderr, world.environ).configured(
        quiet=bool(options.quiet),
        debug=bool(options.debug),
        no_color=bool(options.no_color),
        machine=(options.output or world.environ.get("MLMON_OUTPUT")) in {"json", "jsonl"},
    )
    return Session(world, options, terminal)


def asked_format(session: Session) -> Format | None:
    """The format someone asked for: by flag or variable anywhere, by a settings file on a terminal only.

    A terminal itself asks for a table. Off it, no file can change what a script reads.
    """
    if session.options.output:
        return Format(session.options.output)
    if wanted := session.world.environ.get("MLMON_OUTPUT"):
        return Format(one_of(FORMATS, "an output format (MLMON_OUTPUT)")(wanted))
    if not session.terminal.stdout.is_terminal:
        return None
    setting = session.settings.output
    return Format(one_of(FORMATS, f"an output format ({setting.origin})")(setting.value)) if setting else Format.TABLE


def see_text(session: Session, what: str) -> None:
    """Refuse a format of rows for a command that prints a text to be pasted or run, before any work is done.

    A format that a variable or a file asks of every command is not meant for one that has no rows.

    Raises:
        UsageError: `-o` asks for a format that holds rows.
    """
    if (asked := session.options.output) and asked not in _WHOLE:
        raise UsageError(f"{what} prints a text, and {asked} holds rows", hint="leave -o out, or choose -o json")


_WHOLE: Final = (Format.TABLE, Format.JSON, Format.JSONL)
"""The formats that can hold a text."""


def _summary(function: Callable[..., Result]) -> str:
    return (function.__doc__ or "").strip().splitlines()[0]


def _help(function: Callable[..., Result], examples: Sequence[str]) -> str:
    """The docstring, then the examples. A paragraph becomes one line: typer would keep the breaks inside it."""
    paragraphs = [" ".join(each.split()) for each in inspect.cleandoc(function.__doc__ or "").split("\n\n")]
    return "\n\n".join([*paragraphs, "Examples:", *(f"  {line}" for line in examples)])
