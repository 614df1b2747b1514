"""Names of services, as they are typed and as they become folders."""

from __future__ import annotations

import pytest

from mlmon.core.errors import UsageError
from mlmon.core.model import Generation, ServiceName


@pytest.mark.parametrize("text", ["sums", "ep/blue", "...", ".a", "a.", "a..b/c", "\u00e9", "-"])
def test_a_name_reads_back_as_it_was_written(text: str) -> None:
    name = ServiceName.parse(text)
    assert str(name) == text
    assert name.generation is (Generation.V2 if "/" in text else Generation.V1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "a/",
        "/a",
        "a/b/c",
        ".",
        "..",
        "../x",
        "x/..",
        "./x",
        "x/.",
        "a b",
        "a\\b",
        "a\n",
        "..\n",
        "a\u202eb",
        "\x00",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        ServiceName.parse(text)
    assert (caught.value.message, caught.value.hint) == (
        f"{text!r} is not a service name",
        "a v1 web service is a name, a v2 deployment is endpoint/deployment",
    )
