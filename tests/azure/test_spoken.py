"""What --debug says of a request, and what it never says."""

from __future__ import annotations

from pathlib import Path

import pytest

from azured import connect
from emulators.azure import LocalAzure
from mlmon.azure.rest.spoken import shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://h.example/a?api-version=1&tail=2", "https://h.example/a?api-version=1&tail=2"),
        ("https://h.example:8443/a", "https://h.example:8443/a"),
        (
            "https://s.blob.example/c/b?sv=2022&sr=b&se=2030&sig=c2VjcmV0%3D",
            "https://s.blob.example/c/b?sv=…&sr=…&se=…&sig=…",
        ),
        ("https://me:secret@h.example/a", "https://h.example/a"),
        ("https://h.example/a?code=secret#frag", "https://h.example/a?code=…"),
    ],
)
def test_a_value_that_could_be_a_signature_is_masked(url: str, said: str) -> None:
    assert shown(url) == said


def test_each_request_is_said_with_its_answer(azure: LocalAzure, tmp_path: Path) -> None:
    lines: list[str] = []
    workspace = connect(azure, tmp_path, said=lines)
    workspace.connection.discovery.workspace()
    metadata, discovered, token, asked = lines
    assert metadata.startswith(f"GET {azure.url('arm')}/metadata/endpoints?api-version=")
    assert discovered.startswith(
        f"GET {azure.url('login')}/{azure.access.tenant}/v2.0/.well-known/openid-configuration"
    )
    assert token.startswith(f"POST {azure.url('login')}/{azure.access.tenant}/oauth2/v2.0/token -> 200 (")
    assert asked.startswith(f"GET {azure.url('arm')}{azure.workspace.id}?api-version=2024-10-01 -> 200 (")
    assert asked.rstrip(")").rpartition(" request ")[2].count("-") == 4  # the service's id of it


def test_a_request_without_an_answer_is_said_each_time(azure: LocalAzure, tmp_path: Path) -> None:
    lines: list[str] = []
    workspace = connect(azure, tmp_path, said=lines)
    workspace.connection.discovery.workspace()
    lines.clear()
    with azure.stop_plane("arm"), pytest.raises(Exception, match="refuses connections"):
        workspace.connection.discovery.storage()
    assert len(lines) == 4
    assert {line.rpartition(" -> ")[2] for line in lines} == {"no answer"}
