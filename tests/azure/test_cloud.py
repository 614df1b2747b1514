"""Which cloud is meant, and where its services stand."""

from __future__ import annotations

from typing import Any

import pytest

from mlmon.azure.rest.cloud import KNOWN_NAMES, Cloud, cloud_of
from mlmon.core.errors import Unavailable, UsageError
from mlmon.core.model import Json

PRIVATE: dict[str, Any] = {
    "name": "Private",
    "resourceManager": "https://arm.private.example/",
    "authentication": {"loginEndpoint": "https://login.private.example/"},
    "logAnalyticsResourceId": "https://logs.private.example",
}
URL = "https://arm.private.example/metadata/endpoints?api-version=2020-06-01"


def never(url: str) -> Json:
    raise AssertionError(f"{url} was fetched")


def described(*documents: Json, name: str = "", url: str = URL) -> Cloud:
    answer = documents[0] if len(documents) == 1 else list(documents)
    return cloud_of(name, environ={"ARM_CLOUD_METADATA_URL": url}, fetch=lambda _: answer)


def test_the_public_cloud_is_meant_where_nothing_is_said() -> None:
    cloud = cloud_of("", environ={}, fetch=never)
    assert cloud.name == "AzureCloud"
    assert cloud.resource_manager_scope == "https://management.azure.com/.default"


@pytest.mark.parametrize("name", KNOWN_NAMES)
def test_a_sovereign_cloud_is_known_by_its_name_in_any_case(name: str) -> None:
    assert cloud_of(name.lower(), environ={"ARM_CLOUD_METADATA_URL": URL}, fetch=never).name == name


def test_everything_of_a_private_cloud_comes_from_its_metadata() -> None:
    assert described(PRIVATE) == Cloud(
        "Private",
        authority="https://login.private.example",
        resource_manager="https://arm.private.example",
        resource_manager_scope="https://arm.private.example/.default",
        logs="https://logs.private.example",
        logs_scope="https://logs.private.example/.default",
        domains=("arm.private.example", "private.example"),
        private=True,
    )


def test_one_cloud_or_a_list_of_them_is_described() -> None:
    """The newer versions of the document describe the one cloud that answers, the older ones list all."""
    assert described(PRIVATE) == described([PRIVATE])


def test_of_several_clouds_the_one_that_serves_the_metadata_is_meant() -> None:
    public = {**PRIVATE, "name": "AzureCloud", "resourceManager": "https://management.azure.com/"}
    longer = {**PRIVATE, "name": "Trap", "resourceManager": "https://arm.private.example.evil/"}
    elsewhere = {**PRIVATE, "name": "Trap", "resourceManager": "https://arm.private.example:8443/"}
    assert described(public, longer, elsewhere, PRIVATE).name == "Private"
    for own in ("https://arm.private.example:443", "https://ARM.private.example//"):
        assert described(public, {**PRIVATE, "resourceManager": own}).name == "Private"
    assert described(public, PRIVATE, name="private").name == "Private"
    assert described(public, PRIVATE, name="AzureCloud").resource_manager == "https://management.azure.com"


def test_a_sign_in_that_the_environment_names_is_used_instead() -> None:
    """As azure-identity does; also without its scheme."""
    for said in ("https://login.elsewhere.example/", "login.elsewhere.example"):
        cloud = cloud_of("", environ={"AZURE_AUTHORITY_HOST": said}, fetch=never)
        assert cloud.authority == "https://login.elsewhere.example"


@pytest.mark.parametrize("variable", ["AZURE_AUTHORITY_HOST", "ARM_CLOUD_METADATA_URL"])
@pytest.mark.parametrize("address", ["http://login.example", "https://[", "https://a:b@c.example", "ftp://x"])
def test_secrets_go_to_no_address_without_tls(variable: str, address: str) -> None:
    with pytest.raises(UsageError) as caught:
        cloud_of("", environ={variable: address}, fetch=never)
    assert caught.value.message == f"{address!r} is no https address ({variable})"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        cloud_of("AzureChina", environ={}, fetch=never)
    assert (caught.value.message, caught.value.hint) == (
        "there is no cloud named 'AzureChina' (--cloud)",
        "did you mean 'AzureChinaCloud' or 'AzureCloud'?",
    )


def test_a_name_that_the_metadata_does_not_have_either_is_a_mistake_of_who_said_it() -> None:
    with pytest.raises(UsageError) as caught:
        cloud_of(
            "bogus",
            environ={"ARM_CLOUD_METADATA_URL": URL},
            fetch=lambda _: [PRIVATE, {"name": "AzureCloud"}, {"name": 3}, None],
            origin="MLMON_CLOUD",
        )
    assert (caught.value.message, caught.value.hint) == (
        "there is no cloud named 'bogus' (MLMON_CLOUD)",
        "it is one of: AzureCloud, AzureChinaCloud, AzureUSGovernment, Private",
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "describes no cloud that stands there"),
        ([], "describes no cloud that stands there"),
        ("text", "describes no cloud that stands there"),
        ({"resourceManager": 3}, "describes no cloud that stands there"),
        ({**PRIVATE, "authentication": None}, "names no sign-in that is reached by https"),
        (
            {**PRIVATE, "authentication": {"loginEndpoint": "http://login.private.example"}},
            "names no sign-in that is reached by https",
        ),
        (
            {**PRIVATE, "authentication": {"loginEndpoint": "https://[login"}},
            "names no sign-in that is reached by https",
        ),
        (
            {**PRIVATE, "resourceManager": "http://arm.private.example"},
            "names no resource manager that is reached by https",
        ),
    ],
)
def test_metadata_that_cannot_be_used_is_said(document: Json, message: str) -> None:
    """Above all an address without TLS: secrets and tokens would go there."""
    with pytest.raises(Unavailable) as caught:
        described(document)
    assert caught.value.message == f"the cloud metadata at {URL} {message}"
    assert caught.value.hint == "check ARM_CLOUD_METADATA_URL"


@pytest.mark.parametrize(
    ("cloud", "url", "held"),
    [
        ("AzureCloud", "https://x.blob.core.windows.net/c", True),
        ("AzureCloud", "https://westeurope.modelmanagement.azureml.net", True),
        ("AzureCloud", "http://x.blob.core.windows.net/c", False),
        ("AzureCloud", "https://core.windows.net.evil.example", False),
        ("AzureCloud", "https://evilcore.windows.net", False),
        ("AzureCloud", "https://x.blob.core.windows.net@evil.example", False),
        ("AzureCloud", "https://evil-8787.westeurope.instances.azureml.ms", False),
        ("AzureCloud", "https://[", False),
        ("AzureCloud", "nothing", False),
        ("AzureChinaCloud", "https://chinaeast2.modelmanagement.ml.azure.cn", True),
        ("AzureChinaCloud", "https://evil.chinaeast2.cloudapp.chinacloudapi.cn", False),
        ("AzureUSGovernment", "https://x.blob.core.usgovcloudapi.net", True),
        ("AzureUSGovernment", "https://evil.usgovvirginia.inference.ml.azure.us", False),
    ],
)
def test_tokens_of_a_known_cloud_go_to_its_own_hosts_only(cloud: str, url: str, *, held: bool) -> None:
    """Not to machines of its customers either, which stand below domains of its own."""
    known = cloud_of(cloud, environ={}, fetch=never)
    assert (known.holds(url), known.admits(url)) == (held, held)


@pytest.mark.parametrize(
    ("url", "held", "admitted"),
    [
        ("https://arm.private.example:8443/x", True, True),
        ("https://blob.private.example", True, True),
        ("https://private.example.evil", False, True),
        ("https://evilprivate.example", False, True),
        ("http://blob.private.example", False, False),
    ],
)
def test_of_a_private_cloud_only_its_services_say_what_is_elsewhere(url: str, *, held: bool, admitted: bool) -> None:
    """What a file says is believed of the hosts beside the resource manager alone."""
    cloud = described(PRIVATE)
    assert (cloud.holds(url), cloud.admits(url)) == (held, admitted)


@pytest.mark.parametrize(
    ("resource_manager", "domains"),
    [("https://127.0.0.1:8443", ("127.0.0.1",)), ("https://arm.local", ("arm.local",)), ("https://arm", ("arm",))],
)
def test_a_whole_top_level_domain_is_nobodys_cloud(resource_manager: str, domains: tuple[str, ...]) -> None:
    assert described({**PRIVATE, "resourceManager": resource_manager}).domains == domains
