"""Where a data asset stands: every form of address that is seen, and what is no address of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.azure.discovery.places import (
    InDatastore,
    InStorage,
    Place,
    are_parts,
    asset_path,
    is_arm_id,
    is_container,
    parse,
)

WS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("azureml://datastores/store/paths/a/b", InDatastore("", "store", "a/b/")),
        ("azureml://datastores/store/paths//a//b//", InDatastore("", "store", "a/b/")),
        (
            "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/store/paths/a",
            InDatastore(WS, "store", "a/"),
        ),
        (
            f"azureml:/{WS.replace('resourceGroups', 'resource_groups')}/datastores/store/paths/a",
            InDatastore(WS, "store", "a/"),
        ),
        ("https://acc.blob.core.windows.net/cont/a%20b/c", InStorage("acc.blob.core.windows.net", "cont", "a b/c/")),
        ("https://127.0.0.1:10/cont/a", InStorage("127.0.0.1:10", "cont", "a/")),
        ("https://acc.blob.core.windows.net/cont/a?sv=1&sig=s", InStorage("acc.blob.core.windows.net", "cont", "a/")),
        ("wasbs://cont@acc.blob.core.windows.net/a/b", InStorage("acc.blob.core.windows.net", "cont", "a/b/")),
        ("abfss://cont@acc.dfs.core.windows.net/a", InStorage("acc.blob.core.windows.net", "cont", "a/")),
    ],
)
def test_every_form_of_address_is_read(uri: str, place: Place) -> None:
    assert parse(uri) == place


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "azureml://datastores/store/paths/",
        "azureml://datastores/store/paths/../other",
        "azureml://datastores/store/paths/a/./b",
        "azureml://datastores/store/paths/a\x1b[2Jb",
        "azureml://datastores/st?ore/paths/a",
        "azureml://datastores/../paths/a",
        "azureml://subscriptions/../resourcegroups/g/workspaces/w/datastores/store/paths/a",
        "https://user@acc.blob.core.windows.net/cont/a",
        "https://user:secret@acc.blob.core.windows.net/cont/a",
        "https://acc.blob.core.windows.net/cont",
        "https://acc.blob.core.windows.net/CONT/a",
        "https://acc.blob.core.windows.net/cont/%2e%2e/a",
        "https://[acc/cont/a",
        "http://acc.blob.core.windows.net/cont/a",
        "file:///etc/passwd",
        "wasbs://acc.blob.core.windows.net/a",
        "azureml://datastores/store/paths/" + "x" * 2000,
    ],
)
def test_what_is_no_address_of_collected_data_is_none(uri: str) -> None:
    assert parse(uri) is None


@pytest.mark.parametrize(
    ("data_id", "path"),
    [
        (f"{WS}/data/d/versions/1", f"{WS}/data/d/versions/1"),
        (f"azureml:{WS}/data/d/versions/1", f"{WS}/data/d/versions/1"),
        ("azureml:d:1", f"{WS}/data/d/versions/1"),
        ("azureml:d@latest", ""),
        (f"{WS}/data/d/versions/1?x=1", ""),
        (f"{WS}/data/d/versions/..", ""),
        ("/subscriptions/../x", ""),
        ("https://evil.example/data", ""),
        ("", ""),
    ],
)
def test_a_data_asset_is_named_by_its_id_or_by_name_and_version(data_id: str, path: str) -> None:
    assert asset_path(data_id, workspace=WS) == path


@given(st.text(max_size=60))
def test_no_text_becomes_a_place_that_leads_elsewhere(text: str) -> None:
    for uri in (text, f"azureml://datastores/{text}/paths/{text}", f"https://{text}/{text}", f"abfss://{text}"):
        place = parse(uri)
        if place is None:
            continue
        assert place.path.endswith("/")
        assert not {"", ".", ".."} & set(place.path.split("/")[:-1])
        assert place.path.isprintable()
        assert is_container(place.container) if isinstance(place, InStorage) else are_parts(place.datastore)


@given(st.lists(st.text(max_size=10)))
def test_an_arm_id_stays_one_path(parts: list[str]) -> None:
    text = "/subscriptions/" + "/".join(parts)
    if is_arm_id(text):
        assert all(letter not in text for letter in "?#%\\\n")
        assert not {".", "..", ""} & set(text.split("/")[1:])
