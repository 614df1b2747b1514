"""Application Insights tables and columns, under their two sets of names.

The classic names (`traces`, `customDimensions`) are those of the Application Insights resource, and of a
local workspace; the others (`AppTraces`, `Properties`) are those of a Log Analytics workspace. Sources:
https://learn.microsoft.com/azure/azure-monitor/app/convert-classic-resource (the mapping) and
https://learn.microsoft.com/azure/azure-monitor/reference/tables-index (each table's columns).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mlmon.core.ports import Dialect

# one column a word: its classic name, its workspace name (`-` where it has none), its type when not string
_COMMON: Final = """
    timestamp/TimeGenerated:datetime customDimensions/Properties:dynamic appId/ResourceGUID appName/-
    application_Version/AppVersion client_Browser/ClientBrowser client_City/ClientCity
    client_CountryOrRegion/ClientCountryOrRegion client_IP/ClientIP client_Model/ClientModel client_OS/ClientOS
    client_StateOrProvince/ClientStateOrProvince client_Type/ClientType cloud_RoleInstance/AppRoleInstance
    cloud_RoleName/AppRoleName iKey/IKey itemId/- itemType/Type operation_Id/OperationId
    operation_Name/OperationName operation_ParentId/ParentId operation_SyntheticSource/SyntheticSource
    sdkVersion/SDKVersion session_Id/SessionId user_AccountId/UserAccountId
    user_AuthenticatedId/UserAuthenticatedId user_Id/UserId
"""
_COUNTED: Final = "customMeasurements/Measurements:dynamic itemCount/ItemCount:int "
_CALL: Final = "duration/DurationMs:real id/Id name/Name performanceBucket/PerformanceBucket "
_WORKSPACE_ONLY: Final = "-/_BilledSize:real -/_IsBillable -/_ResourceId -/_SubscriptionId -/SourceSystem -/TenantId "
_REFERENCED: Final = "-/ReferencedItemId -/ReferencedType "

_SPECIFIC: Final = {
    "traces/AppTraces": f"{_COUNTED} {_REFERENCED} message/Message severityLevel/SeverityLevel:int",
    # success is text in the classic tables and a bool in the workspace's
    "requests/AppRequests": f"{_COUNTED} {_CALL} resultCode/ResultCode source/Source success/- -/Success:bool url/Url",
    "dependencies/AppDependencies": f"""{_COUNTED} {_CALL} {_REFERENCED} data/Data resultCode/ResultCode success/-
        -/Success:bool target/Target type/DependencyType""",
    "exceptions/AppExceptions": f"""{_COUNTED} assembly/Assembly details/Details:dynamic handledAt/HandledAt
        innermostAssembly/InnermostAssembly innermostMessage/InnermostMessage innermostMethod/InnermostMethod
        innermostType/InnermostType message/Message method/Method outerAssembly/OuterAssembly
        outerMessage/OuterMessage outerMethod/OuterMethod outerType/OuterType problemId/ProblemId
        severityLevel/SeverityLevel:int type/ExceptionType""",
    "customEvents/AppEvents": f"{_COUNTED} name/Name",
    "customMetrics/AppMetrics": """name/Name value/-:real valueCount/ItemCount:int valueMax/Max:real valueMin/Min:real
        valueSum/Sum:real valueStdDev/-:real""",
    "pageViews/AppPageViews": f"{_COUNTED} {_CALL} url/Url",
    "availabilityResults/AppAvailabilityResults": f"""{_COUNTED} {_CALL} location/Location message/Message
        size/Size:real success/- -/Success:bool""",
    "browserTimings/AppBrowserTimings": f"""{_COUNTED} name/Name networkDuration/NetworkDurationMs:real
        performanceBucket/PerformanceBucket processingDuration/ProcessingDurationMs:real
        receiveDuration/ReceiveDurationMs:real sendDuration/SendDurationMs:real totalDuration/TotalDurationMs:real
        url/Url""",
    "performanceCounters/AppPerformanceCounters": """category/Category counter/- instance/Instance name/Name
        value/Value:real""",
}  # fmt: skip

# a column whose type differs between the two, so that it stands above as two columns
_RETYPED: Final = {"success": "Success"}

Columns = Mapping[str, str]
"""Column names with their KQL types, in the table's order."""


def _columns(table: str, side: int) -> Columns:
    found: dict[str, str] = {}
    for word in f"{_COMMON} {_SPECIFIC[table]} {_WORKSPACE_ONLY}".split():
        names, _, kind = word.partition(":")
        name = names.split("/")[side]
        if name != "-":
            found[name] = kind or "string"
    return MappingProxyType(found)


def _mapping(table: str) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {}
    for word in f"{_COMMON} {_SPECIFIC[table]}".split():
        classic, workspace = word.partition(":")[0].split("/")
        if classic != "-":
            found[classic] = _RETYPED.get(classic, None if workspace == "-" else workspace)
    return MappingProxyType(found)


CLASSIC: Final[Mapping[str, Columns]] = MappingProxyType({t.split("/")[0]: _columns(t, 0) for t in _SPECIFIC})
"""The tables of an Application Insights resource and of a local workspace."""

WORKSPACE: Final[Mapping[str, Columns]] = MappingProxyType({t.split("/")[1]: _columns(t, 1) for t in _SPECIFIC})
"""The same tables as a Log Analytics workspace has them."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What a query may name: tables with their columns, each with the column `time` that says when a row happened."""

    tables: Mapping[str, Columns]
    time: str


SCHEMAS: Final[Mapping[Dialect, Schema]] = MappingProxyType(
    {Dialect.CLASSIC: Schema(CLASSIC, time="timestamp"), Dialect.WORKSPACE: Schema(WORKSPACE, time="TimeGenerated")}
)

WORKSPACE_TABLES: Final[Mapping[str, str]] = MappingProxyType(dict(t.split("/") for t in _SPECIFIC))
"""Classic table name to workspace table name."""

WORKSPACE_COLUMNS: Final[Mapping[str, Mapping[str, str | None]]] = MappingProxyType(
    {t.split("/")[0]: _mapping(t) for t in _SPECIFIC}
)
"""For each classic table, classic column name to workspace column name; None where the workspace has none."""
