"""The PowerShell script, by a parser for PowerShell's syntax, and by speaking the protocol that stands in it.

There is no PowerShell in Debian, so the script's engine is not run here. What it is made of is read back from its
syntax tree instead: the grammar, the call of mlmon, the kinds it knows, and the rules by which it quotes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from mlmon.commands.completion.grammar import FLAG, FREE, Argument, Option, read
from mlmon.commands.tree import tree
from shells import HOSTILE, SCRIPTS

PARSER = Parser(Language(tree_sitter_powershell.language()))


@pytest.fixture(scope="module")
def root() -> Node:
    """The script's syntax tree."""
    return PARSER.parse((SCRIPTS / "mlmon.ps1").read_bytes()).root_node


def test_the_script_is_powershell_without_a_fault(root: Node) -> None:
    assert [_text(node) for node in _all(root) if node.is_error or node.is_missing] == []
    assert PARSER.parse(b"if ($x) { 'open").root_node.has_error  # the parser does find faults


def test_the_grammar_in_the_script_is_that_of_the_tree(root: Node) -> None:
    expected: list[str] = []
    for command in read(tree()):
        expected += [command.name, command.help]
        expected += [f"{','.join(one.names)} {one.value} {_often(one)} {one.help}" for one in command.options]
        expected += [f"{one.value} {_often(one)}" for one in command.arguments]

    table = next(node for node in _all(root) if node.type == "hash_literal_expression")
    assert _strings(table) == expected


def test_the_script_knows_every_kind_of_value(root: Node) -> None:
    """What the grammar may ask for, the engine's `switch` answers; flags and free text have no answer."""
    kinds = {one.value for command in read(tree()) for one in (*command.options, *command.arguments)}
    switch = next(node for node in _all(root) if node.type == "switch_statement")
    patterns = [_strings(node)[0] for node in _all(switch) if node.type == "switch_clause_condition"]

    unanswered = {kind for kind in kinds if not any(re.search(pattern, kind) for pattern in patterns)}
    assert unanswered == {FLAG, FREE}


def test_the_call_in_the_script_brings_the_names(root: Node, tmp_path: Path) -> None:
    """The words of the script's own call, with its variables filled in, are given to mlmon and its answer split."""
    (tmp_path / "workspace.toml").write_text('[services."ep/blue".collections.inputs]\n[services.diabetes]')
    call = next(node for node in _all(root) if node.type == "command" and _text(node).startswith("& $program"))
    words = [_text(node).strip('"') for node in call.children[-1].children if node.type in _WORDS]

    def ask(kind: str, service: str = "") -> list[list[str]]:
        given = {"$Kind": kind, "$Workspace": str(tmp_path), "$Service": service}
        argv = [re.sub(r"\$\w+", lambda found: given[found[0]], word) for word in words if word != "2>$null"]
        answer = subprocess.run([sys.executable, "-m", "mlmon", *argv], capture_output=True, check=True, cwd=tmp_path)
        return [line.split("\t", 1) for line in answer.stdout.decode().splitlines()]

    assert ask("services") == [["diabetes", "v1 web service"], ["ep/blue", "v2 online deployment"]]
    assert ask("collections", "ep/blue") == [["inputs"]]


@pytest.mark.parametrize("name", [*HOSTILE, "~root", "a\u2019b", "@a", "--%", "-a:b", "a,b", "ep/blue", "diabetes"])
def test_a_hostile_name_is_one_string_to_powershell(root: Node, name: str) -> None:
    """The script's own patterns decide and quote; the parser must then see one string with exactly that name."""
    function = next(
        node for node in _all(root) if node.type == "function_statement" and "ConvertTo-MlmonWord" in _text(node)
    )
    plain, looks_like_parameter, marks, doubled, *_ = _strings(function)
    assert doubled == "$0$0"
    is_plain = re.search(plain, name) and not re.search(looks_like_parameter, name)
    word = name if is_plain else "'" + re.sub(marks, lambda found: found[0] * 2, name) + "'"

    if is_plain:
        assert re.fullmatch(r"[\w./=:-]+", word, re.ASCII)
        return
    parsed = PARSER.parse(f"mlmon logs -- {word}".encode()).root_node
    strings = [_text(node) for node in _all(parsed) if node.type == "verbatim_string_characters"]
    assert not parsed.has_error
    assert (strings, re.sub(rf"({marks})\1", r"\1", word[1:-1])) == ([word], name)


_WORDS = ("generic_token", "array_literal_expression")


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _strings(node: Node) -> list[str]:
    """What its single-quoted strings say, in order."""
    found = [_text(one) for one in _all(node) if one.type == "verbatim_string_characters"]
    return [text[1:-1].replace("''", "'") for text in found]


def _often(one: Option | Argument) -> str:
    return "many" if one.repeatable else "once"
