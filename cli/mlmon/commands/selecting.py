"""Which collected data a command means: the service, the range, and what is said when nothing is there."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

from mlmon.collected.selecting.layout import CollectedBlob, Reason, same_collection
from mlmon.collected.selecting.selection import Selection, collections, designations
from mlmon.commands.ranges import say_range
from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.model import BlobInfo, Generation, Service, Switch, SwitchRequest, Value
from mlmon.core.ports import Workspace
from mlmon.monitoring.planning import refuse_impossible
from mlmon.output.controls import neutral
from mlmon.output.results import Field
from mlmon.session import Session

BLOB: Final = (
    Field("path"),
    Field("bytes", kind="bytes"),
    Field("day"),
    Field("collection"),
    Field("service", optional=True),
    Field("model", optional=True),
    Field("model_version", optional=True),
)


def listing(session: Session, service: Service) -> AbstractContextManager[object]:
    """Something to see while a long listing is read."""
    return session.terminal.progress(f"Listing the data of {service.name}", total=None, unit="seconds", ticking=True)


def no_blobs(service: Service) -> str:
    return f"no collected blobs of {service.name} match"


def still_written(count: int) -> str:
    """That so many files have a last line that is not whole yet, and is left out."""
    return f"{count} last {'line is' if count == 1 else 'lines are'} still being written, and not in here yet"


@dataclass(slots=True)
class Skipped:
    """Counts the blobs that were seen and are no collected data, by the reason; --debug names each."""

    session: Session
    counts: Counter[Reason] = field(default_factory=Counter)

    def __call__(self, blob: BlobInfo, reason: Reason) -> None:
        self.counts[reason] += 1
        if self.session.terminal.debug:  # there may be as many as there are blobs
            self.session.terminal.note(f"passed over: {neutral(blob.name)}: it {reason}", level="debug")

    def say(self) -> None:
        if self.counts:
            why = ", ".join(f"{count} {reason.counted}" for reason, count in self.counts.most_common())
            self.session.terminal.note(f"passed over {self.counts.total()}: {why}; --debug names them")


def look_up(session: Session, name: str | None, selection: Selection) -> tuple[Workspace, Service]:
    """The service whose data is meant, once it is known to be there; the range is said before any work on it."""
    workspace = session.connect()
    service = session.service(workspace, name)
    if service.generation is Generation.V2 and (selection.model or selection.model_version):
        raise UsageError(
            f"{service.name} is a v2 deployment, whose collected data does not tell the model",
            hint="leave --model and --model-version out",
        )
    say_range(session, selection.between)
    return workspace, service


def blob_row(one: CollectedBlob) -> dict[str, Value]:
    return {
        "path": one.blob.name,
        "bytes": one.blob.size,
        "day": one.day.isoformat(),
        "collection": one.collection,
        "service": str(one.service),
        "model": one.model or None,
        "model_version": one.model_version or None,
    }


def explain_nothing(session: Session, workspace: Workspace, service: Service, selection: Selection) -> None:
    """Say what is likely when nothing was found: a collection, a model or a version that does not exist, or a
    collection that was never on."""
    warn_of_unknown(session, workspace, service, selection.collections)
    if selection.model or selection.model_version:
        _explain_model(session, service, selection, _versions(workspace, service))
    if not service.collection:
        session.terminal.note(f"collection is off; {_way_on(service)}")


def warn_of_unknown(session: Session, workspace: Workspace, service: Service, names: Sequence[str]) -> None:
    """Say which of these collections a service has none of."""
    known = collections(workspace.blobs, service.name)
    for wanted in names:
        if not any(same_collection(wanted, one) for one in known):
            _warn(session, service, f"collection {wanted!r}", wanted, known)


def _explain_model(
    session: Session, service: Service, selection: Selection, versions: Mapping[str, Collection[str]]
) -> None:
    model, version = selection.model, selection.model_version
    if model and model not in versions:
        _warn(session, service, f"model {model!r}", model, sorted(versions))
        return
    of = {model: versions[model]} if model else versions
    known = sorted({one for each in of.values() for one in each})
    if version and version not in known:
        _warn(
            session,
            service,
            f"version {version!r} of {f'the model {model!r}' if model else 'any model'}",
            version,
            known,
        )


def _versions(workspace: Workspace, service: Service) -> dict[str, set[str]]:
    """The versions of each model that a v1 service has collected data of."""
    found: dict[str, set[str]] = {}
    for root in workspace.blobs.roots(service.name):
        if root.generation is Generation.V1:
            for prefix in designations(workspace.blobs, root):
                *_, model, version, _ = prefix.rstrip("/").split("/")
                found.setdefault(model, set()).add(version)
    return found


def _warn(session: Session, service: Service, what: str, wanted: str, known: list[str]) -> None:
    near = did_you_mean(wanted, known) or f"it has: {neutral(', '.join(known)) or 'none yet'}"
    session.terminal.note(f"{service.name} has no {what}; {near}", level="warning")


def _way_on(service: Service) -> str:
    """How collection is switched on, or why it never can be."""
    try:
        refuse_impossible(service, SwitchRequest(Switch.COLLECTION, on=True))
    except UsageError as error:
        return error.message
    return f"mlmon enable-collection {service.name} switches it on"
