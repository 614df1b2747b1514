"""How many list requests a selection costs over the local Azure, counted in its own log of requests."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from azured import runner
from emulators.azure import LocalAzure
from running import Runner

FIRST, TODAY = date(2026, 9, 1), date(2026, 11, 20)


@pytest.fixture
def mlmon(azure: LocalAzure, tmp_path: Path) -> Runner:
    """mlmon in a workspace where a v1 service and a v2 deployment have collected two streams each since September; what
    else can be known about it is known already."""
    ws = azure.workspace
    azure.webservices.add("svc")
    place = f"{ws.subscription}/{ws.group}/{ws.name}".lower()
    container = str(azure.datastores["workspaceblobstore"]["properties"]["containerName"])
    collections = {name: {"dataCollectionMode": "Enabled"} for name in ("model_inputs", "model_outputs")}
    azure.add_deployment("ep", "blue", dataCollector={"collections": collections})
    day = FIRST
    while day <= TODAY:
        for name in ("inputs", "predictions"):
            azure.blobs.put("modeldata", f"{place}/svc/m/1/{name}/{day:%Y/%m/%d}/{name}.csv", b"a\r\n1\r\n")
        for name in collections:
            for hour in (9, 10):
                azure.blobs.put(
                    container, f"modelDataCollector/ep/blue/{name}/{day:%Y/%m/%d}/{hour:02}/a.jsonl", b"{}\n"
                )
        day += timedelta(days=1)
    made = runner(azure, tmp_path / "here")
    for service in ("svc", "ep/blue"):
        assert made(f"ls {service} --day 2026-09-01 -o json").json["count"]
    return made


def asked(azure: LocalAzure, mlmon: Runner, words: str) -> tuple[int, int]:
    """How many blobs a command lists, and with how many list requests."""
    azure.requests.clear()
    outcome = mlmon(f"ls {words} -o json")
    assert outcome.code == 0, outcome.err
    requests = [one for one in azure.requests.of("blob") if one.query.get("comp") == "list"]
    assert len(requests) == azure.requests.count("blob")
    assert all(one.query.get("prefix", "").endswith("/") for one in requests)
    return outcome.json["count"], len(requests)


def test_a_range_costs_few_list_requests(azure: LocalAzure, mlmon: Runner) -> None:
    """A month is a listing of each stream; v2 looks at the year too, for files beside its months, and v1 at the three
    levels above the years as far as they are not said."""
    cost = {words: asked(azure, mlmon, words) for words in COSTS}
    for words, (blobs, requests) in cost.items():
        print(f"mlmon ls {words}: {blobs} blobs, {requests} list requests")
    assert cost == COSTS
    for service, streams in (("svc", 2), ("ep/blue", 2)):
        assert cost[f"{service} --month 10"][1] <= streams * 31 + 2
    assert cost["svc --month 10 --collection inputs"][1] <= 31 + 2
    assert cost["ep/blue --month 10 --collection inputs"][1] <= 31 + 2


COSTS = {
    "svc --month 10": (62, 5),
    "svc --month 10 --collection inputs": (31, 4),
    "svc --month 10 --collection inputs --model m --model-version 1": (31, 2),
    "svc --since 7d": (16, 5),
    "svc --since 7d --model m --model-version 1": (16, 3),
    "svc --day 2026-10-05": (2, 7),
    "svc --from 2026-10-05T09 --to 2026-10-05T10": (2, 7),
    "svc": (162, 1),
    "svc --model m": (162, 1),
    "ep/blue --month 10": (124, 4),
    "ep/blue --month 10 --collection inputs": (62, 2),
    "ep/blue --since 7d": (30, 6),
    "ep/blue --day 2026-10-05": (4, 6),
    "ep/blue --from 2026-10-05T09 --to 2026-10-05T10": (2, 8),
    "ep/blue": (324, 2),
}
"""Blobs and list requests of each."""
