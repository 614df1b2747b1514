"""Switching, as `mlmon enable-collection` and its sisters ask for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlmon.core.errors import NotFound, Unavailable, UsageError
from mlmon.core.model import CollectionSetting, FieldChange, ServiceName, Switch, SwitchRequest
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]
ON = SwitchRequest(Switch.COLLECTION, on=True)
OFF = SwitchRequest(Switch.COLLECTION, on=False)


def switch(workspace: LocalWorkspace, name: ServiceName, request: SwitchRequest) -> tuple[FieldChange, ...]:
    """Plan and apply; the second plan must be empty, as switching twice changes nothing."""
    plan = workspace.services.plan(name, request)
    after = workspace.services.apply(plan)
    assert after == workspace.services.get(name)
    assert workspace.services.plan(name, request).changes == ()
    return plan.changes


def test_a_v1_service_has_one_switch(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    assert switch(workspace, name, OFF) == (FieldChange("collection", True, False),)
    assert not workspace.services.get(name).collection
    assert switch(workspace, name, ON) == (FieldChange("collection", False, True),)
    assert switch(workspace, name, ON) == ()


def test_disabling_a_deployment_keeps_all_else_and_enabling_adds_what_is_missing(
    workspace: LocalWorkspace, add: Add
) -> None:
    name = add("ep/blue")
    custom = SwitchRequest(Switch.COLLECTION, on=True, collections=("audit", "inputs"), sampling_rate=0.25)
    assert switch(workspace, name, custom) == (
        FieldChange("collections.audit.enabled", None, True),
        FieldChange("collections.audit.sampling_rate", None, 0.25),
        FieldChange("collections.model_inputs.sampling_rate", 1.0, 0.25),
    )
    assert switch(workspace, name, OFF) == (
        FieldChange("collections.audit.enabled", True, False),
        FieldChange("collections.model_inputs.enabled", True, False),
        FieldChange("collections.model_outputs.enabled", True, False),
    )
    assert workspace.services.get(name).collections == (
        CollectionSetting("audit", enabled=False, sampling_rate=0.25),
        CollectionSetting("model_inputs", enabled=False, sampling_rate=0.25),
        CollectionSetting("model_outputs", enabled=False),
    )
    assert switch(workspace, name, ON) == (
        FieldChange("collections.model_inputs.enabled", False, True),
        FieldChange("collections.model_outputs.enabled", False, True),
    )
    assert workspace.services.get(name).collection


def test_insights_are_one_switch_for_both_generations(workspace: LocalWorkspace, add: Add) -> None:
    for name in (add("sums"), add("ep/blue")):
        off = SwitchRequest(Switch.INSIGHTS, on=False)
        assert switch(workspace, name, off) == (FieldChange("insights", True, False),)
        assert not workspace.services.get(name).insights


REFUSED = {
    ("sums", SwitchRequest(Switch.COLLECTION, on=True, collections=("inputs",))): (
        "sums is a v1 web service, where one switch covers every designation",
        "leave --collection out",
    ),
    ("sums", SwitchRequest(Switch.COLLECTION, on=True, sampling_rate=0.5)): (
        "sums is a v1 web service, which collects every request",
        "leave --sampling-rate out",
    ),
    ("ep/blue", SwitchRequest(Switch.INSIGHTS, on=True, sampling_rate=0.5)): (
        "Application Insights has no collections and no sampling rate",
        "leave --collection and --sampling-rate out",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=True, sampling_rate=1.5)): (
        "the sampling rate 1.5 is not from 0 to 1",
        "0.25 collects every fourth request",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=True, sampling_rate=float("nan"))): (
        "the sampling rate nan is not from 0 to 1",
        "0.25 collects every fourth request",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=False, sampling_rate=0.5)): (
        "a sampling rate means nothing when switching off",
        "leave --sampling-rate out",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=False, collections=("model_input",))): (
        "ep/blue has no collection 'model_input'",
        "did you mean 'model_inputs' or 'model_outputs'?",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=False, collections=("x",))): (
        "ep/blue has no collection 'x'",
        "it has model_inputs, model_outputs",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=True, collections=("model_input",))): (
        "ep/blue has no collection 'model_input'",
        "did you mean 'model_inputs'?",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=True, collections=("model inputs",))): (
        "'model inputs' is not a collection's name",
        "did you mean 'model_inputs' or 'model_outputs'?",
    ),
    ("ep/blue", SwitchRequest(Switch.COLLECTION, on=True, collections=("../..",))): (
        "'../..' is not a collection's name",
        "its letters are A to Z, a to z, 0 to 9, _ and -",
    ),
}


@pytest.mark.parametrize(("name", "request_"), REFUSED)
def test_what_a_service_cannot_do_is_refused_with_the_reason(
    name: str, request_: SwitchRequest, workspace: LocalWorkspace, add: Add
) -> None:
    service = add(name)
    before = (workspace.folder / "workspace.toml").read_bytes()
    with pytest.raises(UsageError) as caught:
        workspace.services.plan(service, request_)
    assert (caught.value.message, caught.value.hint) == REFUSED[name, request_]
    assert (workspace.folder / "workspace.toml").read_bytes() == before


def test_the_case_of_a_collections_letters_does_not_matter(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue")
    assert switch(workspace, name, SwitchRequest(Switch.COLLECTION, on=True, collections=("Audit",))) == (
        FieldChange("collections.Audit.enabled", None, True),
    )
    off = SwitchRequest(Switch.COLLECTION, on=False, collections=("Inputs", "MODEL_OUTPUTS", "audit"))
    assert switch(workspace, name, off) == (
        FieldChange("collections.model_inputs.enabled", True, False),
        FieldChange("collections.model_outputs.enabled", True, False),
        FieldChange("collections.Audit.enabled", True, False),
    )


def test_a_service_without_collections_says_so(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue")
    file = workspace.folder / "workspace.toml"
    file.write_text(file.read_text().partition('\n[services."ep/blue".collections')[0])
    assert workspace.services.plan(name, OFF).changes == ()
    with pytest.raises(UsageError) as caught:
        workspace.services.plan(name, SwitchRequest(Switch.COLLECTION, on=False, collections=("audit",)))
    assert caught.value.hint == "it has none"


def test_a_plan_that_is_out_of_date_writes_nothing(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    late = workspace.services.plan(name, OFF)
    switch(workspace, name, SwitchRequest(Switch.INSIGHTS, on=False))
    before = (workspace.folder / "workspace.toml").read_bytes()
    with pytest.raises(Unavailable) as caught:
        workspace.services.apply(late)
    assert str(caught.value) == "sums was changed by someone else meanwhile; nothing was written"
    assert (workspace.folder / "workspace.toml").read_bytes() == before


def test_an_unknown_service_is_named_with_its_neighbours(workspace: LocalWorkspace, add: Add) -> None:
    add("diabetes")
    for ask in (workspace.services.get, workspace.logs.containers, workspace.blobs.roots):
        with pytest.raises(NotFound) as caught:
            ask(ServiceName("diabets"))
        assert str(caught.value) == "no service named 'diabets'"
        assert caught.value.hint == "did you mean 'diabetes'? see mlmon status"
    with pytest.raises(NotFound) as caught:
        workspace.scoring.invoke(ServiceName("zzz"), "{}")
    assert caught.value.hint == "see mlmon status"
