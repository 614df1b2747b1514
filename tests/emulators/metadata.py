"""The cloud metadata that Azure Resource Manager gives to anyone: where each plane of a cloud is.

2019-05-01 and 2020-06-01 answer a list of clouds (azure-cli reads them so); 2022-09-01 the one cloud that was asked,
as an object of the same keys (Azure/azure-cli#29283, and go-azure-sdk decodes one object); 2015-01-01 an object of
older keys (Azure/azure-cli#3391).
"""

from __future__ import annotations

from typing import Any, Final

_PUBLIC: Final[dict[str, Any]] = {
    "portal": "https://portal.azure.com",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "media": "https://rest.media.azure.net",
    "graphAudience": "https://graph.windows.net/",
    "graph": "https://graph.windows.net/",
    "name": "AzureCloud",
    "suffixes": {
        "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
        "acrLoginServer": "azurecr.io",
        "sqlServerHostname": "database.windows.net",
        "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
        "keyVaultDns": "vault.azure.net",
        "storage": "core.windows.net",
        "azureFrontDoorEndpointSuffix": "azurefd.net",
        "storageSyncEndpointSuffix": "afs.azure.net",
        "mhsmDns": "managedhsm.azure.net",
        "mysqlServerEndpoint": "mysql.database.azure.com",
        "postgresqlServerEndpoint": "postgres.database.azure.com",
        "mariadbServerEndpoint": "mariadb.database.azure.com",
        "synapseAnalytics": "dev.azuresynapse.net",
        "attestationEndpoint": "attest.azure.net",
    },
    "batch": "https://batch.core.windows.net/",
    "resourceManager": "https://management.azure.com/",
    "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/aliases.json",
    "activeDirectoryDataLake": "https://datalake.azure.net/",
    "sqlManagement": "https://management.core.windows.net:8443/",
    "microsoftGraphResourceId": "https://graph.microsoft.com/",
    "appInsightsResourceId": "https://api.applicationinsights.io",
    "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
    "attestationResourceId": "https://attest.azure.net",
    "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
    "logAnalyticsResourceId": "https://api.loganalytics.io",
    "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
}

CLOUD_NAME: Final = "LocalCloud"


def clouds(*, arm: str, login: str, logs: str, storage_suffix: str) -> list[dict[str, Any]]:
    """Every cloud this Resource Manager knows: the public one, a decoy, comes first."""
    return [_PUBLIC, cloud(arm=arm, login=login, logs=logs, storage_suffix=storage_suffix)]


def cloud(*, arm: str, login: str, logs: str, storage_suffix: str) -> dict[str, Any]:
    """This cloud. The addresses are base URLs without a slash at their end."""
    return {
        **_PUBLIC,
        "name": CLOUD_NAME,
        "portal": "https://portal.azure.local",
        "authentication": {
            "loginEndpoint": login,
            "audiences": [arm, f"{arm}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {**_PUBLIC["suffixes"], "storage": storage_suffix},
        "resourceManager": f"{arm}/",
        "logAnalyticsResourceId": logs,
        "appInsightsResourceId": logs,
    }


def document(version: str, known: list[dict[str, Any]]) -> object:
    """What a metadata request of an api-version answers."""
    if version == "2015-01-01":
        own = known[-1]
        return {
            "galleryEndpoint": "https://gallery.azure.local/",
            "graphEndpoint": own["graph"],
            "portalEndpoint": own["portal"],
            "authentication": {key: own["authentication"][key] for key in ("loginEndpoint", "audiences")},
        }
    return known[-1] if version >= "2022" else known
