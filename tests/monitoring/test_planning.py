"""What a request means for a service, before any backend is asked."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import UsageError
from mlmon.core.model import CollectionSetting, Kind, Service, ServiceName, Switch, SwitchRequest
from mlmon.monitoring.planning import (
    MOST_CUSTOM,
    CollectionSwitch,
    collection_switches,
    needs_change,
    refuse_impossible,
)

ON = SwitchRequest(Switch.COLLECTION, on=True)
OFF = SwitchRequest(Switch.COLLECTION, on=False)


def v2(*collections: CollectionSetting, insights: bool = False) -> Service:
    enabled = any(each.enabled for each in collections)
    return Service(ServiceName("ep", "blue"), Kind.MANAGED, "Succeeded", enabled, insights, collections)


def v1(kind: Kind, *, collection: bool = False) -> Service:
    return Service(ServiceName("svc"), kind, "Healthy", collection, insights=False)


def setting(name: str, *, enabled: bool = False, rate: float = 1.0) -> CollectionSetting:
    return CollectionSetting(name, enabled=enabled, sampling_rate=rate)


def test_a_bare_enable_is_about_the_usual_two_and_leaves_the_others_alone() -> None:
    inputs, audit = setting("model_inputs", rate=0.5), setting("audit")
    assert collection_switches(v2(audit, inputs), ON) == (
        CollectionSwitch("model_inputs", enabled=True, rate=None, known=inputs),
        CollectionSwitch("model_outputs", enabled=True, rate=None, known=None),
    )


def test_a_bare_disable_is_about_every_collection_there_is() -> None:
    inputs, audit = setting("model_inputs", enabled=True), setting("audit")
    assert collection_switches(v2(audit, inputs), OFF) == (
        CollectionSwitch("audit", enabled=False, rate=None, known=audit),
        CollectionSwitch("model_inputs", enabled=False, rate=None, known=inputs),
    )
    assert collection_switches(v2(), OFF) == ()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("inputs", "Model_Inputs"),
        ("MODEL_INPUTS", "Model_Inputs"),
        ("predictions", "model_outputs"),
        ("Request", "request"),
        ("audit", "Audit"),
        ("a.b", "a.b"),
        ("fresh", "fresh"),
    ],
)
def test_a_word_means_the_collection_as_the_service_spells_it(word: str, meant: str) -> None:
    service = v2(*map(setting, ("Audit", "Model_Inputs", "a.b")))
    [switch] = collection_switches(service, dataclasses.replace(ON, collections=(word,)))
    assert switch.name == meant


def test_an_exact_name_comes_before_one_in_another_case() -> None:
    service = v2(setting("Audit"), setting("audit"))
    [switch] = collection_switches(service, dataclasses.replace(ON, collections=("audit",)))
    assert switch.name == "audit"


def test_the_same_collection_named_twice_is_switched_once() -> None:
    request = dataclasses.replace(ON, collections=("inputs", "model_inputs", "Inputs"))
    assert [each.name for each in collection_switches(v2(), request)] == ["model_inputs"]


def test_a_deployment_has_at_most_five_custom_collections() -> None:
    full = v2(*(setting(name) for name in ("alpha", "beta", "gamma", "delta", "model_inputs", "request")))
    assert len(collection_switches(full, dataclasses.replace(ON, collections=("omega",)))) == 1
    with pytest.raises(UsageError) as caught:
        collection_switches(full, dataclasses.replace(ON, collections=("omega", "kappa")))
    assert (caught.value.message, caught.value.hint) == (
        f"ep/blue would have 6 custom collections, and a deployment has at most {MOST_CUSTOM}",
        "it has alpha, beta, gamma, delta; choose among them, or name fewer",
    )
    over = v2(*(setting(name) for name in ("alpha", "beta", "gamma", "delta", "omega", "kappa")))
    for request in (ON, OFF, dataclasses.replace(ON, collections=("kappa", "response"))):
        assert collection_switches(over, request)  # what is there already is not refused


@pytest.mark.parametrize("word", ["reqest", "requests", "model_input", "model-outputs"])
def test_what_looks_like_a_slip_is_asked_about(word: str) -> None:
    with pytest.raises(UsageError, match="has no collection"):
        collection_switches(v2(), dataclasses.replace(ON, collections=(word,)))


def test_v1_collects_on_aks_only() -> None:
    refuse_impossible(v1(Kind.AKS), ON)
    refuse_impossible(v1(Kind.LOCAL), ON)
    refuse_impossible(v1(Kind.ACI), OFF)
    for kind, where in ((Kind.ACI, "on ACI"), (Kind.OTHER, "on a compute that mlmon does not know")):
        for service, request in ((v1(kind), ON), (v1(kind, collection=True), OFF)):
            with pytest.raises(UsageError) as caught:
                refuse_impossible(service, request)
            assert caught.value.message == f"svc runs {where}, and v1 services collect model data on AKS only"
    for kind in Kind:
        refuse_impossible(v1(kind), SwitchRequest(Switch.INSIGHTS, on=True))


def test_a_service_needs_no_change_once_it_is_as_requested() -> None:
    insights = SwitchRequest(Switch.INSIGHTS, on=True)
    assert needs_change(v2(), insights)
    assert not needs_change(v2(insights=True), insights)
    assert needs_change(v1(Kind.AKS), ON)
    assert not needs_change(v1(Kind.AKS, collection=True), ON)
    sampled = dataclasses.replace(ON, collections=("audit",), sampling_rate=0.5)
    assert needs_change(v2(setting("audit", enabled=True)), sampled)
    assert not needs_change(v2(setting("audit", enabled=True, rate=0.5)), sampled)


SETTINGS = st.lists(
    st.builds(
        CollectionSetting,
        st.sampled_from(["model_inputs", "model_outputs", "Model_Inputs", "request", "audit", "x.y", ""]),
        enabled=st.booleans(),
        sampling_rate=st.floats(0, 1),
    ),
    unique_by=lambda each: each.name,
)
REQUESTS = st.builds(
    SwitchRequest,
    st.just(Switch.COLLECTION),
    on=st.booleans(),
    collections=st.lists(st.sampled_from(["inputs", "outputs", "predictions", "audit", "Request", ""])).map(tuple),
    sampling_rate=st.none() | st.floats(0, 1),
)


@given(SETTINGS, REQUESTS)
def test_a_service_that_became_what_its_switches_say_needs_no_change(
    settings: list[CollectionSetting], request: SwitchRequest
) -> None:
    """So that planning again after a change finds nothing, whatever was asked of whatever service."""
    try:
        switches = collection_switches(v2(*settings), request)
    except UsageError:
        return
    become = {each.name: each for each in settings}
    for switch in switches:
        was = become.get(switch.name, setting(switch.name))
        rate = was.sampling_rate if switch.rate is None else switch.rate
        become[switch.name] = setting(switch.name, enabled=switch.enabled, rate=rate)
    after = v2(*become.values())
    assert not needs_change(after, request)
    untouched = {each.name for each in settings} - {switch.name for switch in switches}
    assert {name: become[name] for name in untouched} == {
        each.name: each for each in settings if each.name in untouched
    }
