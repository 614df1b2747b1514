"""One v2 online deployment as ARM shows it: read as a service, and the fields that a request changes in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from mlmon.azure.rest import shape
from mlmon.azure.services.edits import Edit, edited
from mlmon.core.errors import Unavailable
from mlmon.core.model import (
    COLLECTION_NAME,
    CollectionSetting,
    Json,
    Kind,
    Service,
    ServiceName,
    Switch,
    SwitchRequest,
)
from mlmon.monitoring.planning import PAYLOAD_COLLECTIONS, CollectionSwitch, collection_switches

TERMINAL: Final = frozenset({"succeeded", "failed", "canceled"})
_OWN_TO_ARM: Final = frozenset({"id", "name", "type", "systemData"})
_COLLECTIONS: Final = ("properties", "dataCollector", "collections")
_KINDS: Final[Mapping[str, Kind]] = {"managed": Kind.MANAGED, "kubernetes": Kind.KUBERNETES}
_MODES: Final[Mapping[bool, str]] = {True: "Enabled", False: "Disabled"}


def service_of(name: ServiceName, raw: Json) -> Service:
    """The deployment as a service; what is missing or of a wrong type is off, or unknown."""
    collections = tuple(_settings(raw))
    return Service(
        name=name,
        kind=_KINDS.get(shape.text(raw, "properties", "endpointComputeType").casefold(), Kind.OTHER),
        state=shape.text(raw, "properties", "provisioningState") or "Unknown",
        collection=any(each.enabled for each in collections),
        insights=shape.flag(raw, "properties", "appInsightsEnabled"),
        collections=collections,
    )


def own_name(name: ServiceName, raw: Json) -> ServiceName:
    """The name as the deployment itself spells it, where it differs in case only: ARM takes either."""
    *_, endpoint, _, deployment = ["", "", "", *shape.text(raw, "id").split("/")]
    own = ServiceName(endpoint, deployment)
    return own if str(own).casefold() == str(name).casefold() else name


def edits_of(service: Service, raw: Json, request: SwitchRequest, *, workspace: str) -> tuple[Edit, ...]:
    """What the request changes, below `properties`; `workspace` is an ARM id. Raises as `collection_switches`."""
    if request.switch is Switch.INSIGHTS:
        if service.insights is request.on:
            return ()
        return (Edit(("appInsightsEnabled",), shape.at(raw, "properties", "appInsightsEnabled"), request.on),)
    collections = shape.mapping(raw, *_COLLECTIONS)
    return tuple(
        edit
        for switch in collection_switches(service, request)
        for edit in _collection_edits(switch, collections.get(switch.name), service.name, workspace)
    )


def body_of(raw: Json, edits: tuple[Edit, ...]) -> dict[str, Json]:
    """What is sent: everything that was read, with these fields changed, without what only ARM itself may say.

    Raises:
        Unavailable: what was read is no deployment.
    """
    properties = shape.at(raw, "properties")
    if not isinstance(raw, dict) or not isinstance(properties, dict):
        raise Unavailable("Azure's answer could not be read; nothing was written", hint="try again in a minute")
    kept = {key: value for key, value in properties.items() if key != "provisioningState"}
    return {**{key: value for key, value in raw.items() if key not in _OWN_TO_ARM}, "properties": edited(kept, edits)}


def data_ids(edits: tuple[Edit, ...]) -> dict[str, str]:
    """The collections that get a data asset, and the asset's ARM id."""
    return {edit.path[-2]: str(edit.after) for edit in edits if edit.path[-1] == "dataId"}


def asset_name(data_id: str) -> str:
    """The name in a data asset's ARM id."""
    return data_id.rpartition("/data/")[2].partition("/")[0]


def notes_of(raw: Json, request: SwitchRequest, edits: tuple[Edit, ...]) -> tuple[str, ...]:
    """What a person should know before collection is switched on."""
    if request.switch is Switch.INSIGHTS or not request.on or not edits:
        return ()
    notes = []
    if any(edit.path[-2] not in PAYLOAD_COLLECTIONS for edit in edits):
        notes.append(_SCRIPT if shape.mapping(raw, "properties", "codeConfiguration") else _NO_SCRIPT)
    if assets := data_ids(edits):
        names = ", ".join(map(asset_name, assets.values()))
        several, they, do = ("s", "they", "do") if len(assets) > 1 else ("", "it", "does")
        notes.append(f"registers the data asset{several} {names} where {they} {do} not exist yet")
    return tuple(notes)


_SCRIPT: Final = "the deployment has a scoring script: data flows only if it calls Collector of azureml.ai.monitoring"
# the resource does not say whether its model is MLflow's or the container somebody's own
_NO_SCRIPT: Final = (
    "the deployment has no scoring script: for an MLflow model data flows automatically, a container of your own "
    "has to call Collector of azureml.ai.monitoring"
)


def _settings(raw: Json) -> Iterator[CollectionSetting]:
    collections = shape.mapping(raw, *_COLLECTIONS)
    for name in sorted(collections):
        if isinstance(collections[name], dict):
            enabled = shape.text(collections[name], "dataCollectionMode").casefold() == "enabled"
            rate = shape.number(collections[name], "samplingRate", default=1.0)
            yield CollectionSetting(name, enabled=enabled, sampling_rate=rate)


def _collection_edits(switch: CollectionSwitch, raw: Json, service: ServiceName, workspace: str) -> Iterator[Edit]:
    at = ("dataCollector", "collections", switch.name)
    if switch.moves_switch:
        yield Edit((*at, "dataCollectionMode"), shape.at(raw, "dataCollectionMode"), _MODES[switch.enabled])
    if switch.moves_rate:
        yield Edit((*at, "samplingRate"), shape.at(raw, "samplingRate"), switch.rate)
    # without a data asset nothing says where the data goes
    if switch.enabled and switch.moves_switch and not shape.text(raw, "dataId") and _may_name(switch.name):
        asset = f"{service.endpoint}-{service.deployment}-{switch.name}"
        yield Edit((*at, "dataId"), shape.at(raw, "dataId"), f"{workspace}/data/{asset}/versions/1")


def _may_name(collection: str) -> bool:
    """Whether a data asset can be called after it; what a service tells us need not be a name at all."""
    return COLLECTION_NAME.fullmatch(collection) is not None
