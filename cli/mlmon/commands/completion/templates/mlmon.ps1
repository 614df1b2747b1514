# Completes mlmon in PowerShell. Written by `mlmon completion powershell`; commands and options are in here, and only
# the names of services, collections and workspaces are asked of mlmon, which reads them from local files.
# No word is ever evaluated: names are data, and are inserted in single quotes where they need it.

# The options and arguments of each command, in order, and of mlmon itself under ''.
$script:MlmonGrammar = [ordered]@{
@GRAMMAR@
}

# The option of that name as names, kind, often and help; nothing when there is none.
function script:Find-MlmonOption([string[]] $Options, [string] $Name) {
    foreach ($row in $Options) {
        $names, $kind, $often, $help = $row -split ' ', 4
        if (($names -split ',') -ccontains $Name) {
            return @{ names = $names; kind = $kind; often = $often; help = $help }
        }
    }
}

# The names mlmon knows of a kind, each with its description.
function script:Get-MlmonName([string] $Kind, [string] $Workspace, [string] $Service) {
    $program = Get-Command -Name mlmon -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    if (-not $program) { return }
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
        & $program __complete $Kind "--workspace=$Workspace" "--service=$Service" 2>$null | ForEach-Object {
            $name, $about = $_ -split "`t", 2
            @{ text = $name; about = $about }
        }
    } finally {
        [Console]::OutputEncoding = $encoding
    }
}

# A word as PowerShell passes it on unchanged. Typographic quotes end a string as well, so they are doubled too.
function script:ConvertTo-MlmonWord([string] $Text) {
    if ($Text -cmatch '^[A-Za-z0-9_./=:-]+$' -and $Text -cnotmatch '^-.*[.:]') { return $Text }
    return "'" + ($Text -replace '[''\u2018-\u201b]', '$0$0') + "'"
}

function script:New-MlmonResult([string] $Text, [string] $About, [string] $Type, [string] $Prefix) {
    $tip = if ($About) { $About } else { $Text }
    [System.Management.Automation.CompletionResult]::new((ConvertTo-MlmonWord "$Prefix$Text"), $Text, $Type, $tip)
}

Register-ArgumentCompleter -Native -CommandName mlmon -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # the words before the one under the cursor, unquoted but not expanded
    $line = @(
        $commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object { if ($null -ne $_.Value) { [string] $_.Value } else { $_.Extent.Text } }
    )
    $typed = [string] $wordToComplete -replace '^[''"]', ''
    $grammar = $script:MlmonGrammar['']
    $command = ''
    $ended = $false
    $awaited = $null
    $workspace = ''
    $service = ''
    $given = @()
    $taken = @()

    foreach ($word in $line) {
        if ($awaited) {
            if ($awaited.names -ceq '--workspace') { $workspace = $word }
            $awaited = $null
        } elseif (-not $ended -and $word -ceq '--') {
            $ended = $true
        } elseif (-not $ended -and $word.StartsWith('--')) {
            $name, $value = $word -split '=', 2
            $option = Find-MlmonOption $grammar.options $name
            if (-not $option) { continue }
            if ($option.often -ceq 'once') { $given += $option.names }
            if ($option.kind -ceq 'flag') { continue }
            if ($null -eq $value) { $awaited = $option } elseif ($name -ceq '--workspace') { $workspace = $value }
        } elseif (-not $ended -and $word -cmatch '^-.') {
            for ($at = 1; $at -lt $word.Length; $at++) {
                $option = Find-MlmonOption $grammar.options "-$($word[$at])"
                if (-not $option) { break }
                if ($option.often -ceq 'once') { $given += $option.names }
                if ($option.kind -ceq 'flag') { continue }
                if ($at -eq $word.Length - 1) { $awaited = $option }
                break
            }
        } elseif (-not $command) {
            $command = $word
            if (-not $script:MlmonGrammar.Contains($command)) { return }
            $grammar = $script:MlmonGrammar[$command]
        } else {
            $row = if ($taken.Count -lt $grammar.arguments.Count) { $grammar.arguments[$taken.Count] }
            if ($row -clike 'services *' -or $grammar.arguments[-1] -ceq 'services many') { $service = $word }
            $taken += $word
        }
    }

    $kind = ''
    $prefix = ''
    $positional = $false
    if ($awaited) {
        $kind = $awaited.kind
    } elseif (-not $ended -and $typed -cmatch '^--[^=]+=') {
        $prefix = $Matches[0]
        $option = Find-MlmonOption $grammar.options $prefix.TrimEnd('=')
        if ($option) { $kind = $option.kind }
    } elseif (-not $ended -and $typed.StartsWith('-')) {
        $kind = 'options'
    } elseif (-not $command) {
        $kind = 'commands'
    } else {
        $positional = $true
        if ($taken.Count -lt $grammar.arguments.Count) {
            $kind = ($grammar.arguments[$taken.Count] -split ' ')[0]
        } elseif ($grammar.arguments.Count -and $grammar.arguments[-1] -clike '* many') {
            $kind = ($grammar.arguments[-1] -split ' ')[0]
        }
    }
    $start = $typed.Substring($prefix.Length)
    if ($kind -ceq 'workspaces' -and $start -match '^[./~]') { $kind = 'folders' }

    switch -Regex -CaseSensitive ($kind) {
        '^commands$' {
            foreach ($name in $script:MlmonGrammar.Keys) {
                if ($name -and $name.StartsWith($start, [StringComparison]::Ordinal)) {
                    New-MlmonResult $name $script:MlmonGrammar[$name].help 'Command' ''
                }
            }
        }
        '^options$' {
            foreach ($row in $grammar.options) {
                $names, $null, $null, $help = $row -split ' ', 4
                if ($given -ccontains $names) { continue }
                foreach ($name in $names -split ',') {
                    if ($name.StartsWith($start, [StringComparison]::Ordinal)) {
                        New-MlmonResult $name $help 'ParameterName' ''
                    }
                }
            }
        }
        '^(services|collections|workspaces)$' {
            foreach ($one in Get-MlmonName $kind $workspace $service) {
                # a name that looks like an option is one, unless -- ended them
                if ($positional -and -not $ended -and $one.text.StartsWith('-')) { continue }
                if ($positional -and $taken -ccontains $one.text) { continue }
                if ($one.text.StartsWith($start, [StringComparison]::Ordinal)) {
                    New-MlmonResult $one.text $one.about 'ParameterValue' $prefix
                }
            }
        }
        '^=' {
            foreach ($value in $kind.Substring(1) -split ',') {
                if ($value.StartsWith($start, [StringComparison]::Ordinal)) {
                    New-MlmonResult $value '' 'ParameterValue' $prefix
                }
            }
        }
        '^(files|folders)$' {
            foreach ($one in [System.Management.Automation.CompletionCompleters]::CompleteFilename($start)) {
                if ($kind -ceq 'files' -or $one.ResultType -eq 'ProviderContainer') {
                    [System.Management.Automation.CompletionResult]::new(
                        "$prefix$($one.CompletionText)", $one.ListItemText, $one.ResultType, $one.ToolTip)
                }
            }
        }
    }
}
