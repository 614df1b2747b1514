"""A pipeline of Azure DevOps."""

from __future__ import annotations

from mlmon.monitoring.scheduling.check import Check, shell, text


def pipeline(check: Check) -> str:
    """The file, with secrets by the names of the pipeline's secret variables.

    Drift fails the pipeline in a job of its own: a job that failed would not save its cache, and with it what was
    checked and told before.
    """
    return "\n".join([
        "# Save it in the repository, beside mlmon.toml and the baseline, and make a pipeline of it.",
        "# Set: a service connection to Azure named mlmon, with the roles that mlmon's README lists",
        *_comments(check),
        "trigger: none",
        "pr: none",
        "schedules:",
        f"  - cron: {text(check.cron)}  # in UTC",
        "    displayName: Drift",
        "    branches:",
        "      include:",
        "        - main",
        "    always: true  # also when no code has changed",
        "jobs:",
        "  - job: check",
        "    displayName: Check for drift",
        "    pool:",
        "      vmImage: ubuntu-latest",
        "    steps:",
        "      - task: UsePythonVersion@0",
        "        inputs:",
        '          versionSpec: "3.12"',
        "      - script: python -m pip install mlmon  # from where your organisation keeps it",
        "        displayName: Install mlmon",
        "      # what was checked and told before: without it every run would begin anew",
        "      - task: Cache@2",
        "        inputs:",
        f"          key: {text(f'{chr(34)}{check.slug}{chr(34)} | {chr(34)}$(Build.BuildId){chr(34)}')}",
        f"          restoreKeys: {text(f'{chr(34)}{check.slug}{chr(34)}')}",
        "          path: .mlmon",
        "      - task: AzureCLI@2",
        "        name: drift",
        "        displayName: Check for drift",
        "        inputs:",
        "          azureSubscription: mlmon",
        "          scriptType: bash",
        "          scriptLocation: inlineScript",
        "          inlineScript: |",
        "            code=0",
        f"            {shell(('mlmon', *check.arguments()))} || code=$?",
        '            echo "##vso[task.setvariable variable=code;isOutput=true]$code"',
        *_environment(check),
        "  - job: verdict",
        "    displayName: Verdict",
        "    dependsOn: check",
        "    condition: and(succeeded(), ne(dependencies.check.outputs['drift.code'], '0'))",
        "    pool:",
        "      vmImage: ubuntu-latest",
        "    variables:",
        "      code: $[ dependencies.check.outputs['drift.code'] ]",
        "    steps:",
        "      - checkout: none",
        '      - script: exit "$CODE"  # 3 is drift; the job before has the report',
        "        env:",
        "          CODE: $(code)",
        "",
    ])  # fmt: skip


def _comments(check: Check) -> list[str]:
    needed, optional = check.variables.needed, check.variables.optional
    return [
        *([f"# and as secret variables of the pipeline: {', '.join(needed)}"] if needed else []),
        *([f"# and if wanted, below too: {', '.join(optional)}"] if optional else []),
    ]


def _environment(check: Check) -> list[str]:
    """A variable that is not set would be the text $(NAME) here, so only those that must be set are named."""
    names = check.variables.needed
    return ["        env:", *(f"          {name}: $({name})" for name in names)] if names else []
