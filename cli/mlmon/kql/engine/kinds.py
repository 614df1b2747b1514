"""The KQL type of every expression, as far as it can be known without running anything.

"" is a type that is not known; nothing is decided on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from duckdb_kql import ir

Kinds = Mapping[str, str]
"""Column names with their KQL types."""

_ALIASES: Final = {
    "boolean": "bool", "date": "datetime", "double": "real", "float": "real", "time": "timespan", "uuid": "guid",
    "uniqueid": "guid", "int8": "int", "uint8": "int", "int16": "int", "uint16": "int", "int32": "int", "uint": "int",
    "uint32": "int", "int64": "long", "ulong": "long", "uint64": "long",
}  # fmt: skip

_RETURNS: Final = {
    word: kind
    for kind, words in {
        "string": """strcat strcat_delim strcat_array tostring tolower toupper substring replace_string replace
            replace_regex trim trim_start trim_end strrep reverse extract format_datetime format_timespan gettype
            base64_encode_tostring base64_decode_tostring base64_encodestring base64_decodestring hash_md5 hash_sha1
            hash_sha256 url_encode url_decode parse_ipv6""",
        "long": """strlen tolong countof indexof array_length array_index_of datetime_diff datetime_part getyear
            getmonth monthofyear dayofmonth dayofyear hourofday week_of_year weekofyear binary_and binary_or binary_xor
            binary_not binary_shift_left binary_shift_right count countif dcount dcountif parse_ipv4""",
        "int": "toint",
        "real": """todouble toreal sqrt exp exp2 exp10 log log10 log2 pow sin cos tan cot asin acos atan atan2 pi
            degrees radians gamma sign round ceiling array_sum stdev stdevif variance varianceif avgif""",
        "bool": """isnull isnotnull notnull isempty isnotempty isnan isinf isfinite tobool toboolean not
            set_has_element""",
        "datetime": """todatetime now ago make_datetime datetime_add startofday startofweek startofmonth startofyear
            endofday endofweek endofmonth endofyear""",
        "timespan": "totimespan timespan make_timespan dayofweek",
        "guid": "toguid",
        "dynamic": """parse_json todynamic pack_array pack bag_pack zip array_concat array_slice array_sort_asc
            array_sort_desc array_reverse split extract_all parse_url make_list make_set""",
    }.items()
    for word in words.split()
}
_AS_FIRST: Final = frozenset(
    {"min", "max", "any", "take_any", "percentile", "percentilew", "abs", "arg_max", "arg_min"}
)
_NUMERIC: Final = ("int", "long", "decimal", "real")
_ARITHMETIC: Final = frozenset("+-*/%")


def canonical(kind: str) -> str:
    """One name for each type: `date` is datetime, `double` is real."""
    return _ALIASES.get(kind.lower(), kind.lower())


def numeric(*kinds: str) -> bool:
    """Whether all are numbers."""
    return all(kind in _NUMERIC for kind in kinds)


def common(kinds: Sequence[str]) -> str:
    """The type of a choice among values of these types; "" when one is unknown or they do not mix."""
    present = {kind for kind in kinds if kind != "null"}
    if len(present) == 1:
        return present.pop()
    return max(present, key=_NUMERIC.index) if present and numeric(*present) else ""


def kind_of(node: ir.Expr, columns: Kinds) -> str:  # noqa: PLR0911 - a table reads best as a table
    """The type of an expression over `columns`, or "" when it is not known."""
    from duckdb_kql import ir

    match node:
        case ir.Literal() | ir.Parameter():
            return canonical(node.kind)
        case ir.ColumnRef():
            return columns.get(node.name, "")
        case ir.LetRef():
            return columns.get(node.name) or kind_of(node.value, columns)
        case ir.UnaryOp():
            return kind_of(node.operand, columns) if node.op == "-" else "bool"
        case ir.PathAccess():
            return "dynamic"
        case ir.InList() | ir.HasList() | ir.Between():
            return "bool"
        case ir.BinaryOp():
            left, right = kind_of(node.left, columns), kind_of(node.right, columns)
            return _arithmetic(node.op, left, right) if node.op in _ARITHMETIC else "bool"
        case ir.FunctionCall():
            return _call(node, columns)
    return ""


def _arithmetic(op: str, left: str, right: str) -> str:  # noqa: PLR0911 - the same
    match op, left, right:
        case "-", "datetime", "datetime":
            return "timespan"
        case "+" | "-", "datetime", "timespan":
            return "datetime"
        case "+", "timespan", "datetime":
            return "datetime"
        case "/", "timespan", "timespan":
            return "real"
        case _, "timespan", "timespan":
            return "timespan"
        case (("*" | "/"), "timespan", _) if numeric(right):
            return "timespan"
        case "*", _, "timespan" if numeric(left):
            return "timespan"
    if numeric(left, right):
        widest = common((left, right))
        return "long" if widest == "int" else widest
    return ""


def _call(node: ir.FunctionCall, columns: Kinds) -> str:  # noqa: PLR0911 - the same
    name = node.name.lower()
    kinds = [kind_of(argument, columns) for argument in node.args]
    if name in _RETURNS:
        return _RETURNS[name]
    if name in _AS_FIRST and kinds:
        return "long" if name == "abs" and kinds[0] == "int" else kinds[0]
    if name in ("iff", "iif"):
        return common(kinds[1:])
    if name == "case":
        return common([*kinds[1:-1:2], kinds[-1]]) if kinds else ""
    if name in ("coalesce", "max_of", "min_of"):
        return common(kinds)
    if name in ("bin", "floor") and len(kinds) == 2:
        if kinds[0] in ("datetime", "timespan"):
            return kinds[0]
        return "long" if common(kinds) == "int" else common(kinds)
    if name in ("sum", "sumif", "avg") and kinds:
        return _total(name, kinds[0])
    return ""


def _total(name: str, kind: str) -> str:
    if kind in ("timespan", "datetime", "decimal"):
        return kind
    if name == "avg":
        return "real"
    return "long" if kind == "int" else kind
