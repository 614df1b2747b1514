"""Switching data collection and Application Insights on and off, and what that does to what a service leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from running import Runner

V1_HAS_ONE_SWITCH = "churn is a v1 web service, where one switch covers every designation"


def leavings(folder: Path) -> dict[str, int]:
    """How many lines stand in each kind of file that scoring writes."""
    kinds = {"blobs": "blobs/**/*.*", "telemetry": "telemetry/**/*.jsonl", "logs": "logs/**/*.log"}
    return {
        kind: sum(len(path.read_bytes().splitlines()) for path in folder.glob(pattern) if path.is_file())
        for kind, pattern in kinds.items()
    }


def test_what_is_already_on_is_left_alone_and_nothing_is_asked(churn: Runner) -> None:
    before = (churn.folder / "workspace.toml").read_bytes()
    outcome = churn("enable-collection")
    assert (outcome.code, outcome.out, outcome.err) == (
        0,
        "collection of churn is already on\nchanged: false\n",
        "",
    )
    assert churn("enable-collection -o json").json == {
        "schema_version": 1,
        "service": "churn",
        "switch": "collection",
        "changed": False,
        "dry_run": False,
        "changes": [],
    }
    assert (churn.folder / "workspace.toml").read_bytes() == before


def test_a_change_without_a_terminal_needs_yes(churn: Runner) -> None:
    before = (churn.folder / "workspace.toml").read_bytes()
    outcome = churn("disable-collection")
    assert (outcome.code, outcome.out, outcome.err) == (
        2,
        "",
        """\
churn:
collection: on -> off
error: nobody is there to be asked, so this needs --yes
hint: add --yes to go ahead, or --dry-run to see what would change
""",
    )
    assert (churn.folder / "workspace.toml").read_bytes() == before


def test_with_yes_it_changes_once(churn: Runner) -> None:
    first = churn("disable-collection --yes")
    assert (first.code, first.out, first.err) == (
        0,
        "collection of churn is now off\ncollection: on -> off\nchanged: true\n",
        "",
    )
    second = churn("disable-collection --yes")
    assert (second.code, second.out) == (0, "collection of churn is already off\nchanged: false\n")


def test_a_dry_run_changes_nothing(churn: Runner) -> None:
    before = (churn.folder / "workspace.toml").read_bytes()
    outcome = churn("disable-insights --dry-run")
    assert (outcome.code, outcome.out) == (
        0,
        "insights of churn would be switched off\ninsights: on -> off\nchanged: false\n",
    )
    assert (churn.folder / "workspace.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("answer", "code", "out"),
    [
        ("y\n", 0, "collection of churn is now off\ncollection: on -> off\nchanged: true\n"),
        ("n\n", 1, ""),
        ("\n", 1, ""),
        ("", 1, ""),
    ],
)
def test_on_a_terminal_it_asks(churn: Runner, answer: str, code: int, out: str) -> None:
    outcome = churn("disable-collection", stdin=answer, terminal=True)
    assert (outcome.code, outcome.out) == (code, out)
    assert outcome.err.startswith("churn:\ncollection: on -> off\nChange churn? [y/N] ")
    if code:
        assert outcome.err.endswith("error: nothing changed\n")


def test_the_collections_of_a_v2_service_are_switched_one_by_one(churn: Runner) -> None:
    command = "enable-collection churn-v2/blue --collection model_inputs --collection extra --sampling-rate 0.5 --yes"
    assert churn(f"{command} -o json").json["changes"] == [
        {"field": "collections.model_inputs.sampling_rate", "before": 1.0, "after": 0.5},
        {"field": "collections.extra.enabled", "before": None, "after": True},
        {"field": "collections.extra.sampling_rate", "before": None, "after": 0.5},
    ]
    assert churn("disable-collection churn-v2 --collection extra --yes").code == 0
    status = churn("status churn-v2 -o json").json
    assert status[0]["collections"] == [
        {"name": "extra", "enabled": False, "sampling_rate": 0.5},
        {"name": "model_inputs", "enabled": True, "sampling_rate": 0.5},
        {"name": "model_outputs", "enabled": True, "sampling_rate": 1.0},
    ]
    assert churn("status churn-v2").out.splitlines()[1].split()[4:6] == ["partly", "on"]


def test_all_services_at_once_and_one_that_cannot_does_not_stop_the_others(churn: Runner) -> None:
    outcome = churn("disable-collection --all --collection model_inputs --yes -o json")
    assert outcome.code == 0
    assert outcome.json == [
        {
            "service": "churn",
            "switch": "collection",
            "status": "skipped",
            "changed": False,
            "changes": [],
            "skipped": V1_HAS_ONE_SWITCH,
            "error": None,
        },
        {
            "service": "churn-v2/blue",
            "switch": "collection",
            "status": "changed",
            "changed": True,
            "changes": [{"field": "collections.model_inputs.enabled", "before": True, "after": False}],
            "skipped": None,
            "error": None,
        },
    ]
    again = churn("disable-insights --all --yes -o json")
    assert [(one["service"], one["changed"]) for one in again.json] == [("churn", True), ("churn-v2/blue", True)]
    assert churn("disable-insights --all").code == 0  # nothing to change, nothing to ask


def test_why_a_service_is_skipped_can_be_read_on_a_narrow_terminal(churn: Runner) -> None:
    outcome = churn("disable-collection --all --collection model_inputs --yes", terminal=True)
    assert (outcome.code, outcome.out) == (
        0,
        """\
1 of 2 changed, 1 skipped

service        status   details
churn          skipped  churn is a v1 web service, where one switch covers every
                        designation
churn-v2/blue  changed  collections.model_inputs.enabled: on -> off
""",
    )


@pytest.mark.parametrize("options", ["--sampling-rate 2", "--collection 'no name'"])
def test_what_no_service_can_do_is_an_error_as_it_is_for_one(churn: Runner, options: str) -> None:
    outcome = churn(f"enable-collection --all {options} --yes")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--collection inputs --yes", "collection model_inputs of churn-v2/blue is now off"),
        (
            "--collection model_outputs --collection inputs --yes",
            "collections model_outputs, model_inputs of churn-v2/blue are now off",
        ),
        ("--collection inputs --dry-run", "collection model_inputs of churn-v2/blue would be switched off"),
        ("--yes", "collection of churn-v2/blue is now off"),
    ],
)
def test_the_collections_that_were_named_are_named(churn: Runner, words: str, sentence: str) -> None:
    assert churn(f"disable-collection churn-v2 {words}").out.splitlines()[0] == sentence


def test_the_collections_that_were_already_so_are_named(churn: Runner) -> None:
    churn("disable-collection churn-v2 --collection inputs --yes")
    assert churn("disable-collection churn-v2 --collection inputs").out == (
        "collection model_inputs of churn-v2/blue is already off\nchanged: false\n"
    )


def test_all_and_a_name_do_not_go_together(churn: Runner) -> None:
    outcome = churn("enable-insights churn --all")
    assert (outcome.code, outcome.err) == (
        2,
        "error: --all and a service's name cannot be combined\nhint: leave one of them out\n",
    )


@pytest.mark.parametrize("service", ["churn", "churn-v2/blue"])
def test_the_switches_are_real(churn: Runner, service: str) -> None:
    """Off means that nothing is written; on means that it is, from the next request on."""

    def grown_by_a_request() -> dict[str, bool]:
        before = leavings(churn.folder)
        outcome = churn(f"invoke {service} --data rows.json")
        assert (outcome.code, outcome.out) == (0, "[33.5, 64]\n")
        after = leavings(churn.folder)
        return {kind: after[kind] > before[kind] for kind in after}

    assert grown_by_a_request() == {"blobs": True, "telemetry": True, "logs": True}
    churn(f"disable-collection {service} --yes")
    assert grown_by_a_request() == {"blobs": False, "telemetry": True, "logs": True}
    churn(f"disable-insights {service} --yes")
    assert grown_by_a_request() == {"blobs": False, "telemetry": False, "logs": True}
    churn(f"enable-collection {service} --yes")
    assert grown_by_a_request() == {"blobs": True, "telemetry": False, "logs": True}


def test_a_request_adds_one_of_each(churn: Runner) -> None:
    churn("invoke --data rows.json")
    count = "print requests=toscalar(requests | count), traces=toscalar(traces | count)"
    first = churn(["query", count]).jsonl
    churn("invoke --data rows.json")
    second = churn(["query", count]).jsonl
    assert (first, second) == ([{"requests": 1, "traces": 1}], [{"requests": 2, "traces": 2}])
    blobs = churn("ls --day today -o json").json["blobs"]
    assert [(one["collection"], one["day"]) for one in blobs] == [
        ("inputs", "2026-11-20"),
        ("predictions", "2026-11-20"),
    ]
