"""The story of a request to each published server: nothing of theirs ties what belongs together but the request id."""

from __future__ import annotations

from typing import Any

import pytest

from inference.conftest import Scored
from inference.serving import VERSIONS, Answered, deployment


def story(scored: Scored, id_: str) -> Any:
    outcome = scored.mlmon(["request", id_, "--since", "1h", "-o", "json"])
    assert outcome.code == 0, outcome.err
    return outcome.json


def answered(scored: Scored, version: str, name: str) -> Answered:
    return next(each for each in scored.answers[version] if each.call.name == name)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_request_that_raises_is_told_with_its_own_exception_and_no_other(scored: Scored, version: str) -> None:
    for name in ("raises", "raises too"):
        one = answered(scored, version, name)
        told = story(scored, one.request_id)
        assert (told["service"], told["request_id"]) == ("/".join(deployment(version)), one.request_id)
        assert (told["succeeded"], told["result_code"], told["corrected"]) == (False, "500", True)
        assert one.call.sleep * 1000 <= told["latency_ms"] <= one.milliseconds + 1
        certain = [event for event in told["events"] if event["certain"]]
        assert [(event["source"], event["matched_by"]) for event in certain] == [
            ("request", "request id"),
            ("exception", "request id"),
        ]
        stack = f"{certain[1]['details']}"
        assert f'no customer called "{name}"' in stack


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_printed_is_only_near_and_model_data_is_proof(scored: Scored, version: str) -> None:
    one = answered(scored, version, "O'Hara")
    told = story(scored, one.request_id)
    traces = [event for event in told["events"] if event["source"] == "trace"]
    ties = {event["text"]: (event["matched_by"], event["certain"]) for event in traces}
    assert ties.pop("model data as telemetry keeps it") == ("request id", True)
    # what the next request prints may be as near
    assert ties['{"rows": 2}'] == ("near in time", False)
    assert set(ties.values()) == {("near in time", False)}
    [data] = [event["details"]["payload"] for event in traces if event["certain"]]
    assert data["Prediction"] == {"scores": [3, 7], "name": "O'Hara"}


def test_an_operation_that_a_worker_gives_all_its_requests_names_none(scored: Scored) -> None:
    operation = story(scored, answered(scored, "1.3.4", "plain").request_id)["operation_id"]
    outcome = scored.mlmon(["request", operation, "--since", "1h"])
    assert outcome.code == 5
    assert f"10 requests have the id '{operation}'" in outcome.err
    assert outcome.err.count("hint: mlmon request ") == 5
    own = story(scored, answered(scored, "1.5.1", "plain").request_id)["operation_id"]
    assert story(scored, own)["matched_by"] == "operation id"


def test_a_client_id_that_all_requests_have_names_none(scored: Scored) -> None:
    outcome = scored.mlmon(["request", "from-a-client", "--since", "1h", "-o", "json"])
    assert (outcome.code, outcome.out) == (5, "")
    assert "20 requests or more have the id 'from-a-client'" in outcome.err
