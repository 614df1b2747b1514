"""The whole main job as a newcomer does it: the built wheel in an environment of its own, outside the repository."""

from __future__ import annotations

import json

from acceptance.conftest import ROOT, Shell


def test_the_main_job(shell: Shell) -> None:
    sh, tmp_path = shell, shell.folder

    def counts() -> list[dict[str, int]]:
        kql = "print requests=toscalar(requests | count), traces=toscalar(traces | count)"
        return [json.loads(line) for line in sh(f"cd mlmon-demo && mlmon query '{kql}'").splitlines()]

    assert sh("mlmon --version").startswith("mlmon ")
    sh("mlmon demo")
    assert "diabetes-v2/blue" in sh("cd mlmon-demo && mlmon status")
    assert sh("cd mlmon-demo && mlmon enable-collection").endswith("changed: false\n")
    assert sh("cd mlmon-demo && mlmon disable-collection", code=2) == ""
    assert len(sh("cd mlmon-demo && mlmon logs").splitlines()) == 100
    assert len(sh("cd mlmon-demo && mlmon traces --where input").splitlines()) == 10
    documented = 'traces | where customDimensions contains "input" | limit 10'
    assert len(sh(f"cd mlmon-demo && mlmon query '{documented}'").splitlines()) == 10
    assert "requests-by-hour" in sh("cd mlmon-demo && mlmon query --list")
    assert sh("cd mlmon-demo && mlmon query --saved exceptions-by-type --var since=90d")
    assert sh("cd mlmon-demo && mlmon ls --month 3").startswith("service: diabetes\ncount: 62\n")
    # the walk of `mlmon demo` has pulled it already
    assert sh("cd mlmon-demo && mlmon pull --month 3").startswith("nothing to fetch: 62 unchanged in ")
    assert sh("cd mlmon-demo && mlmon pull --month 3 --overwrite always").startswith("fetched 62 files, ")

    pulled, stored = tmp_path / "mlmon-demo" / "modeldata", tmp_path / "mlmon-demo" / "blobs" / "modeldata"
    found = (path for path in pulled.rglob("*") if path.is_file())
    names = [path.relative_to(pulled) for path in found if ".mlmon" not in path.parts]
    assert len(names) == 62
    assert all((pulled / name).read_bytes() == (stored / name).read_bytes() for name in names)

    before = counts()[0]
    assert sh("cd mlmon-demo && mlmon disable-collection --yes").endswith("changed: true\n")
    assert sh("cd mlmon-demo && mlmon disable-collection --yes").endswith("changed: false\n")
    rows = json.loads((tmp_path / "mlmon-demo" / "rows.json").read_text())["data"]
    assert len(json.loads(sh("cd mlmon-demo && mlmon invoke diabetes --data rows.json"))) == len(rows)
    assert counts() == [{name: count + 1 for name, count in before.items()}]
    assert json.loads(sh("cd mlmon-demo && mlmon ls --day today -o json"))["count"] == 0
    sh("cd mlmon-demo && mlmon enable-collection --yes && mlmon disable-insights --yes")
    sh("cd mlmon-demo && mlmon invoke diabetes --data rows.json")
    assert counts() == [{name: count + 1 for name, count in before.items()}]
    listed = json.loads(sh("cd mlmon-demo && mlmon ls --day today -o json"))
    assert [one["collection"] for one in listed["blobs"]] == ["inputs", "predictions"]

    for name, script in {
        "bash": "mlmon.bash",
        "zsh": "_mlmon",
        "fish": "mlmon.fish",
        "powershell": "mlmon.ps1",
    }.items():
        assert sh(f"mlmon completion {name}") == (ROOT / "completions" / script).read_text("utf-8")
