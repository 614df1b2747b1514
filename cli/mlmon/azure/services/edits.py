"""Changing single fields of a resource and nothing else: the whole of it is kept as the raw JSON it was read as."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from mlmon.core.errors import Unavailable
from mlmon.core.model import FieldChange, Json, ServiceName


@dataclass(frozen=True, slots=True)
class Edit:
    """One field, by the keys that lead to it. A field that is not there is None before."""

    path: tuple[str, ...]
    before: Json
    after: Json

    @property
    def change(self) -> FieldChange:
        """The edit as people see it."""
        return FieldChange(".".join(self.path), self.before, self.after)


def basis_of(raw: Json) -> str:
    """What stands for everything that the resource is: two readings are alike where this is.

    Raises:
        Unavailable: it holds what JSON does not have (NaN), so that it could not be sent back as it was.
    """
    try:
        canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise Unavailable("Azure's answer could not be read", hint="try again in a minute") from None
    return hashlib.sha256(canonical.encode()).hexdigest()


def edited(document: dict[str, Json], edits: Iterable[Edit]) -> dict[str, Json]:
    """A copy of the document with these fields set; objects on the way to them that are missing or null are made.

    Raises:
        Unavailable: something on the way is no object.
    """
    made = copy.deepcopy(document)
    for edit in edits:
        *way, last = edit.path
        place = made
        for key in way:
            place = _below(place, key, edit)
        place[last] = edit.after
    return made


def being_changed(name: ServiceName, state: str) -> Unavailable:
    """The error for a service that something else is changing: what it is now says nothing of what it will be."""
    return Unavailable(f"{name} is {state}; nothing was written", hint="try again when mlmon status shows it done")


def unchanged(name: ServiceName, raw: Json, basis: str) -> None:
    """Raise `Unavailable` where the resource is not any more what a plan was made for."""
    if basis_of(raw) != basis:
        raise Unavailable(f"{name} was changed meanwhile; nothing was written", hint="run the command again")


def _below(place: dict[str, Json], key: str, edit: Edit) -> dict[str, Json]:
    found = place.get(key)
    if found is None:
        found = place[key] = {}
    if not isinstance(found, dict):
        raise Unavailable(
            f"{'.'.join(edit.path)} cannot be set where {key} is no object; nothing was written",
            hint="try again in a minute",
        )
    return found
