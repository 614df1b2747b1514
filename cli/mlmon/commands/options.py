"""Options that several commands share, with the parsers that turn words into types."""

from typing import Annotated, Any, Final

import typer

from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.ports import Scope
from mlmon.core.timerange import parse_timeout
from mlmon.output.results import Format

FORMATS: Final = tuple(str(one) for one in Format)
SCOPES: Final = tuple(str(one) for one in Scope)


def one_of(words: tuple[str, ...], what: str) -> Any:
    """A parser that takes one of these words and suggests the nearest for any other."""

    def parse(text: str) -> str:
        if text in words:
            return text
        raise UsageError(
            f"{text!r} is not {what}", hint=did_you_mean(text, words) or f"it is one of: {', '.join(words)}"
        )

    parse.__name__ = "str"  # the help of an argument shows it as the type
    parse.choices = words  # type: ignore[attr-defined]  # completion offers them
    return parse


def some_time(text: str) -> str:
    """A parser that takes a duration longer than none."""
    parse_timeout(text, origin="--timeout")
    return text


ServiceArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[SERVICE]",
        help="A v1 web service's name or a v2 endpoint/deployment. Default: the folder's service, else the only one.",
        show_default=False,
    ),
]
ServicesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SERVICE]...", help="Services to show. Default: all.", show_default=False),
]

_RANGE: Final = "Time range"
MonthOption = Annotated[
    str | None,
    typer.Option(
        "--month", metavar="M", help="A month: 3 (the latest March that has begun) or 2026-03.", rich_help_panel=_RANGE
    ),
]
DayOption = Annotated[
    str | None,
    typer.Option("--day", metavar="D", help="One UTC day: 2026-03-01, today, yesterday.", rich_help_panel=_RANGE),
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        "--since",
        metavar="D",
        help="Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d).",
        rich_help_panel=_RANGE,
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(
        "--to", "--until", metavar="D", help="End, not included; written like --from.", rich_help_panel=_RANGE
    ),
]
CollectionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="Only this collection or designation; repeatable. inputs = model_inputs, predictions = model_outputs.",
    ),
]
ModelOption = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Only this model (v1).")]
ModelVersionOption = Annotated[str | None, typer.Option("--model-version", metavar="V", help="Only this version (v1).")]
RawOption = Annotated[bool, typer.Option("--raw", help="The lines as they are, what would act on a terminal included.")]
ScopeOption = Annotated[
    str | None,
    typer.Option(
        "--scope",
        metavar="|".join(SCOPES),
        parser=one_of(SCOPES, "a scope"),
        help="Where the query runs on Azure: component has the classic tables, workspace the App… ones.",
    ),
]
AsStoredOption = Annotated[
    bool, typer.Option("--as-stored", help="The rows as they are stored: nothing corrected, nothing marked.")
]
SamplingRateOption = Annotated[
    float | None,
    typer.Option("--sampling-rate", metavar="R", help="Share of requests to collect, from 0 to 1 (v2)."),
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Every service of the workspace; one that can never do it is skipped.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Change without asking.")]
NoWaitOption = Annotated[
    bool, typer.Option("--no-wait", help="Begin the change and do not wait until it is done; mlmon status shows that.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would change and change nothing.")]

_GLOBAL: Final = "Every command"
OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="|".join(FORMATS),
        parser=one_of(FORMATS, "an output format"),
        help="How data is written to stdout.",
        rich_help_panel=_GLOBAL,
    ),
]
WorkspaceOption = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        metavar="NAME",
        help="A workspace named in the settings, or a folder written as a path (./x, /x, ~/x).",
        rich_help_panel=_GLOBAL,
    ),
]
QuietOption = Annotated[
    bool | None, typer.Option("--quiet", "-q", help="No notes and no progress.", rich_help_panel=_GLOBAL)
]
DebugOption = Annotated[
    bool | None, typer.Option("--debug", help="Say on stderr what is being done.", rich_help_panel=_GLOBAL)
]
NoColorOption = Annotated[bool | None, typer.Option("--no-color", help="No colour.", rich_help_panel=_GLOBAL)]

_AZURE: Final = "Azure"
TenantOption = Annotated[
    str | None,
    typer.Option(
        "--tenant", metavar="ID", help="The tenant to sign in to, for people with several.", rich_help_panel=_AZURE
    ),
]
CloudOption = Annotated[
    str | None,
    typer.Option(
        "--cloud",
        metavar="NAME",
        help="The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes.",
        rich_help_panel=_AZURE,
    ),
]
StorageAuthOption = Annotated[
    str | None,
    typer.Option(
        "--storage-auth",
        metavar="identity|key",
        parser=one_of(("identity", "key"), "a way to open storage"),
        help="Open storage as the signed-in identity, or with its account key. Default: identity.",
        rich_help_panel=_AZURE,
    ),
]
TimeoutOption = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="D",
        parser=some_time,
        help="How long one answer or operation is waited for (90s, 10m). Default: 100s an answer, 20m an operation.",
        rich_help_panel=_AZURE,
    ),
]
