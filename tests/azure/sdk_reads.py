"""Run in a process of its own: tells, name by name, how azure-ai-ml reads deployments of a local Azure.

Takes the workspace's three names; each line of stdin is a JSON list of `endpoint/deployment`, each line of stdout that
begins with `read: ` the JSON list of what was read: null where azure-ai-ml itself cannot read it.
"""

import json
import sys

from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ANSWER = "read: "  # azure-ai-ml itself prints to stdout


def main(subscription: str, group: str, name: str) -> None:
    # an authority that is not Microsoft's cannot be looked up at Microsoft's
    credential = DefaultAzureCredential(disable_instance_discovery=True)
    client = MLClient(credential, subscription, group, name, enable_telemetry=False, show_progress=False)
    for line in sys.stdin:
        print(ANSWER + json.dumps([_read(client, *each.split("/")) for each in json.loads(line)]), flush=True)


def _read(client: MLClient, endpoint: str, deployment: str) -> "dict[str, object] | None":
    try:
        found = client.online_deployments.get(deployment, endpoint)
        collector = found.data_collector
        collections = collector.collections if collector else {}
        return {
            "insights": bool(found.app_insights_enabled),
            "collections": {key: str(one.enabled).lower() == "true" for key, one in collections.items()},
        }
    except Exception:  # azure-ai-ml fails in many ways on what it did not write itself
        return None


if __name__ == "__main__":
    main(*sys.argv[1:])
