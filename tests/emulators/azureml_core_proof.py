"""Run by the v1 SDK's own environment: lists, reads and changes web services of a local Azure, then tells what it saw.

Takes the workspace's three names as arguments and everything else from the public environment variables; prints one
JSON document. The emulator is right when this unmodified, last release of azureml-core is content with it.
"""

import json
import os
import sys

import requests
from azureml.core import Workspace
from azureml.core.authentication import TokenAuthentication
from azureml.core.webservice import AksWebservice, Webservice


def main(subscription: str, group: str, name: str) -> dict[str, object]:
    auth = TokenAuthentication(_token, cloud="LocalCloud")
    workspace = Workspace(subscription, group, name, auth=auth, _cloud="LocalCloud")
    service = Webservice(workspace, "svc-aks")
    assert isinstance(service, AksWebservice)
    before = _switches(service)
    service.update(collect_model_data=True, enable_app_insights=False)
    service.wait_for_deployment(show_output=False)
    after = _switches(AksWebservice(workspace, "svc-aks"))
    return {
        "listed": [[one.name, one.compute_type] for one in Webservice.list(workspace)],
        "only_aci": [one.name for one in Webservice.list(workspace, compute_type="ACI")],
        "before": before,
        "after": after,
        "log": service.get_logs(num_lines=2),
        "init_log": service.get_logs(init=True),
        "keys": len(service.get_keys()),
    }


def _token(audience: str) -> str:
    """A token by the service principal's secret; the SDK's own class for that asks the public cloud first."""
    answer = requests.post(
        f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": os.environ["AZURE_CLIENT_ID"],
            "client_secret": os.environ["AZURE_CLIENT_SECRET"],
            "resource": audience,
        },
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _switches(service: AksWebservice) -> list[object]:
    return [service.data_collection.storage_enabled, service.enable_app_insights, service.state]


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
