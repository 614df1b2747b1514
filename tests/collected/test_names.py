"""Which names can be files anywhere, and which are the same file somewhere."""

from __future__ import annotations

import unicodedata

import pytest

from mlmon.collected.pulling.names import identity, unsafe

UNSAFE = {
    "": "has an empty level",
    "/etc/passwd": "is an absolute path",
    "//server/share": "is an absolute path",
    "\\\\server\\share": "is an absolute path",
    "C:\\Windows\\x": "is an absolute path",
    "c:x": "is an absolute path",
    "a//b": "has an empty level",
    "a/": "has an empty level",
    ".": "has a level that means another folder",
    "..": "has a level that means another folder",
    "a/../../b": "has a level that means another folder",
    "a/./b": "has a level that means another folder",
    "a/.\u200d./b": "has a level that means another folder",
    "a/\u200b/b": "has a level that means another folder",
    "a\\..\\b": "has a backslash",
    "a/b:stream": "has a colon",
    "a/2026-03-01T10:00.csv": "has a colon",
    "a\x00b": "has a control character",
    "a\nb": "has a control character",
    "a\x1b[31mb": "has a control character",
    "a\x7fb": "has a control character",
    "a\x85b": "has a control character",
    "a\u2028b": "has a control character",
    "a/\u202egpj.exe": "has a character that turns the direction of text",
    "a/\u2066x": "has a character that turns the direction of text",
    "a\udcffb": "is not valid Unicode",
    "a./b": "has a level that ends in a dot or a space",
    "a/b ": "has a level that ends in a dot or a space",
    "...": "has a level that ends in a dot or a space",
    "CON": "has the name of a device as a level",
    "a/nul/b": "has the name of a device as a level",
    "a/Aux.csv": "has the name of a device as a level",
    "a/com1.tar.gz": "has the name of a device as a level",
    "a/LPT9": "has the name of a device as a level",
    "a/com¹": "has the name of a device as a level",
    "a/con .txt": "has the name of a device as a level",
    "a/CONIN$": "has the name of a device as a level",
    "x" * 256: "has a level longer than 255 bytes",
    "a/" + "é" * 128: "has a level longer than 255 bytes",
}

SAFE = [
    "1a2b/rg/ws/churn/m/1/inputs/2026/03/01/inputs.csv",
    "a",
    ".hidden",
    "a b/c d",
    "..a/a..b/x.csv",
    "console/nullable/com/com10/comma.csv",
    "héhé/日本語/emoji 🎉.csv",
    "می\u200cخواهم.csv",
    "x" * 255,
    "é" * 127,
    "$Timestamp,'\"*?<>|;&`$(touch x)",
    "-rf",
    "~/x",
]


@pytest.mark.parametrize(("name", "reason"), UNSAFE.items(), ids=ascii)
def test_a_name_that_cannot_be_a_file_everywhere_is_refused_with_its_reason(name: str, reason: str) -> None:
    assert unsafe(name) == reason


@pytest.mark.parametrize("name", SAFE, ids=ascii)
def test_a_name_that_is_merely_odd_is_a_file(name: str) -> None:
    assert unsafe(name) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Inputs.csv", "inputs.CSV"),
        (unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")),
        (unicodedata.normalize("NFC", "É"), unicodedata.normalize("NFD", "é")),
        ("a\u200db", "ab"),
        ("Σ", "ς"),
        ("ﬁ\u0301", "FI\u0301"),
    ],
    ids=ascii,
)
def test_twins_have_one_identity(one: str, other: str) -> None:
    assert identity(one) == identity(other)


def test_others_have_their_own() -> None:
    names = ["a", "b", "a/b", "á", "a b", "ab"]
    assert len({identity(name) for name in names}) == len(names)
