"""Which workspace on Azure is meant, and who said so: options, a file, the defaults of az, or a choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlmon import settings
from mlmon.core.errors import Code, MlmonError, NotFound, UsageError, did_you_mean
from mlmon.session import Session
from mlmon.settings import AzureWorkspace

Visible = Callable[[str], Sequence[AzureWorkspace]]
"""The workspaces that this sign-in sees in a subscription, "" for all."""
_HOW: Final = "mlmon init --config config.json\nor: mlmon init --subscription ID --resource-group NAME --name NAME"
_EMBEDDED: Final = "or: mlmon init --local DIR makes or connects an embedded one"
_AZ: Final = "the defaults of az"
_OPTIONS: Final = ("--subscription", "--resource-group", "--name")
_MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options name; "" where they do not."""

    config: Path | None
    subscription: str
    resource_group: str
    name: str


NOTHING: Final = Asked(None, subscription="", resource_group="", name="")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the three names of a workspace: what it is, what was said ("" for nothing), and by whom."""

    what: str
    value: str
    origin: str

    def __str__(self) -> str:
        return f"{self.what} {self.value} from {self.origin}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A workspace by its names, and who said each; `parts` is empty where it was chosen among those that are there."""

    target: AzureWorkspace
    parts: tuple[Part, ...] = ()

    @property
    def assumed(self) -> str:
        """What nobody said this time: `resource group rg from the defaults of az`."""
        return ", ".join(str(part) for part in self.parts if part.origin == _AZ)

    @property
    def origins(self) -> str:
        """Who said the names, each once."""
        return ", ".join(dict.fromkeys(part.origin for part in self.parts))


def chosen(session: Session, asked: Asked) -> Chosen:
    """The workspace that is meant, by its names: options, else mlmon.toml or config.json, else az, else a choice.

    Raises:
        UsageError: nothing says which, or not all of it, and nobody is there to choose.
        NotFound: none of that name can be seen.
    """
    given = _configured(session, asked.config) if asked.config else None
    named = any((asked.subscription, asked.resource_group, asked.name))
    known = given or session.settings.target
    if not named and isinstance(known, AzureWorkspace):
        origin = str(asked.config) if given else session.origin("workspace")
        return Chosen(known.bare(), _parts((known.subscription, known.resource_group, known.name), (origin,) * 3))
    anyone, _ = settings.used_as(session.settings, AzureWorkspace("", "", ""))
    setup = session.setup(anyone, state=session.world.cwd)
    subscription = setup.subscription(asked.subscription) if asked.subscription else ""
    usual = given or setup.defaults(session.world.cwd)
    parts = _parts_of(
        (subscription, asked.resource_group, asked.name),
        (usual.subscription, usual.resource_group, usual.name),
        other=str(asked.config) if given else _AZ,
    )
    values = [part.value for part in parts]
    if all(values):
        origins = Chosen(AzureWorkspace("", "", ""), parts).origins
        return Chosen(settings.azure_workspace(*values, origin=origins), parts)
    if not asked.name and not session.terminal.can_ask:
        raise _missing(setup.visible, parts)
    session.terminal.note("looking for workspaces")
    return Chosen(_choice(session, setup.visible(subscription), asked))


def nearby(visible: Visible, target: AzureWorkspace) -> str:
    """The workspaces in a group, or else in its subscription ("" for all), as a sentence; "" where none can be seen."""
    try:
        seen = visible(target.subscription)
    except MlmonError:
        return ""  # this was only to help
    group = target.resource_group
    if names := [one.name for one in seen if group and _fits(one.resource_group, group)]:
        return f"in {group} there is {', '.join(names[:_MOST_NAMED])}"
    where = "in the subscription there is" if target.subscription else "this sign-in sees"
    return f"{where} {_listed(seen)}" if seen else ""


def _listed(seen: Sequence[AzureWorkspace]) -> str:
    return ", ".join(f"{one.name} ({one.resource_group})" for one in seen[:_MOST_NAMED])


def _parts_of(options: tuple[str, str, str], usual: tuple[str, str, str], *, other: str) -> tuple[Part, ...]:
    """Each name from its option, else what `other` says."""
    values = [option or else_ for option, else_ in zip(options, usual, strict=True)]
    origins = [flag if option else other for flag, option in zip(_OPTIONS, options, strict=True)]
    return _parts(values, origins)


def _parts(values: Sequence[str], origins: Sequence[str]) -> tuple[Part, ...]:
    whats = ("subscription", "resource group", "name")
    return tuple(Part(*each) for each in zip(whats, values, origins, strict=True))


def _missing(visible: Visible, parts: Sequence[Part]) -> UsageError:
    """Nobody is there to choose: which of the names are not said, and what there is."""
    known = [part for part in parts if part.value]
    if not known:
        return UsageError("which workspace? nothing names one", hint=f"{_HOW}\n{_EMBEDDED}")
    lacking = [option for option, part in zip(_OPTIONS, parts, strict=True) if not part.value]
    subscription, group, _ = (part.value for part in parts)
    near = nearby(visible, AzureWorkspace(subscription, group, ""))
    return UsageError(
        f"which workspace? {' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing"
        f" (known: {', '.join(map(str, known))})",
        hint="\n".join(filter(None, [near, _HOW, _EMBEDDED])),
    )


def _configured(session: Session, config: Path) -> AzureWorkspace:
    path = session.path(config)
    if not path.exists():
        raise NotFound(f"there is no file {config}", hint="Azure ML studio offers it: Download config file")
    return settings.required_config(path, said=str(config))


def _choice(session: Session, visible: Sequence[AzureWorkspace], asked: Asked) -> AzureWorkspace:
    groups = [one for one in visible if _fits(one.resource_group, asked.resource_group)]
    fitting = [one for one in groups if _fits(one.name, asked.name)]
    if not fitting:
        wanted = f" named {asked.name!r}" if asked.name else ""
        where = f" in {asked.resource_group}" if asked.resource_group else ""
        raise NotFound(
            f"this sign-in sees no workspace{wanted}{where}",
            hint=_seen(asked.name, visible),
            code=Code.WORKSPACE_NOT_FOUND,
        )
    if len(fitting) == 1 and asked.name:
        return fitting[0]
    offered = {f"{one.name} ({one.resource_group}, {one.subscription})": one for one in fitting}
    names = [one.name for one in fitting]
    return offered[session.terminal.choose("Which workspace?", list(offered), names=names)]


def _seen(wanted: str, visible: Sequence[AzureWorkspace]) -> str:
    if not visible:
        return "it sees none at all: az login --tenant ID signs in to another tenant"
    return did_you_mean(wanted, tuple(one.name for one in visible)) or f"it sees {_listed(visible)}"


def _fits(name: str, wanted: str) -> bool:
    return not wanted or name.lower() == wanted.lower()
