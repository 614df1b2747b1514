"""A workflow of GitHub Actions."""

from __future__ import annotations

from mlmon.monitoring.scheduling.check import Check, shell, text


def workflow(check: Check) -> str:
    """The file, with secrets by their names in the repository's own store."""
    return "\n".join([
        f"# Save it as .github/workflows/{check.slug}.yml, beside mlmon.toml and the baseline in the same repository.",
        "# Set in Settings > Secrets and variables > Actions: AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID",
        "# (an app registration that trusts this repository, with the roles that mlmon's README lists)",
        *_comments(check),
        f"name: {text('drift of ' + _inert(check.service) if check.service else 'drift')}",
        "on:",
        "  schedule:",
        f"    - cron: {text(check.cron)}  # in UTC; GitHub may begin some minutes late",
        "  workflow_dispatch: {}",
        "permissions:",
        "  contents: read",
        "  id-token: write  # azure/login signs in with it, without a password",
        "concurrency:",
        f"  group: {text(check.slug)}",
        "jobs:",
        "  drift:",
        "    runs-on: ubuntu-latest",
        "    steps:",
        "      - uses: actions/checkout@v4",
        "      - uses: actions/setup-python@v5",
        "        with:",
        '          python-version: "3.12"',
        "      - run: python -m pip install mlmon  # from where your organisation keeps it",
        "      - uses: azure/login@v2",
        "        with:",
        "          client-id: ${{ secrets.AZURE_CLIENT_ID }}",
        "          tenant-id: ${{ secrets.AZURE_TENANT_ID }}",
        "          subscription-id: ${{ secrets.AZURE_SUBSCRIPTION_ID }}",
        "      # what was checked and told before: without it every run would begin anew",
        "      - uses: actions/cache/restore@v4",
        "        with:",
        "          path: .mlmon",
        f"          key: {check.slug}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}",
        f"          restore-keys: {check.slug}-",
        "      - name: Check for drift",
        *_environment(check),
        "        run: |",
        f"          {shell(('mlmon', *check.arguments()))}",
        "      - uses: actions/cache/save@v4",
        "        if: ${{ !cancelled() }}  # also after drift, which fails the run",
        "        with:",
        "          path: .mlmon",
        f"          key: {check.slug}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}",
        "",
    ])  # fmt: skip


def _comments(check: Check) -> list[str]:
    needed, optional = check.variables.needed, check.variables.optional
    return [
        *([f"# and for alerts: {', '.join(needed)}"] if needed else []),
        *([f"# and if wanted: {', '.join(optional)}"] if optional else []),
    ]


def _environment(check: Check) -> list[str]:
    """A secret that is not set is an empty text here, which mlmon takes as not set."""
    names = [*check.variables.needed, *check.variables.optional]
    return ["        env:", *(f"          {name}: ${{{{ secrets.{name} }}}}" for name in names)] if names else []


def _inert(name: str) -> str:
    """GitHub shows it and looks for expressions in it."""
    return name.replace("${{", "$ {{")
