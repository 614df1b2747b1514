# Completes mlmon in PowerShell. Written by `mlmon completion powershell`; commands and options are in here, and only
# the names of services, collections, workspaces and queries are asked of mlmon, which reads them from local files.
# No word is ever evaluated: names are data, and are inserted in single quotes where they need it.

Register-ArgumentCompleter -Native -CommandName mlmon -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The options and arguments of each command, in order, and of mlmon itself under ''.
    $commands = [ordered]@{
@GRAMMAR@
    }

    # The option of that name as names, kind, often and help; nothing when there is none.
    function Find-MlmonOption([string[]] $Options, [string] $Name) {
        foreach ($row in $Options) {
            $names, $kind, $often, $help = $row -split ' ', 4
            if (($names -split ',') -ccontains $Name) {
                return @{ names = $names; kind = $kind; often = $often; help = $help }
            }
        }
    }

    # What the next argument may be: the last kind again where many are taken, else nothing.
    function Get-MlmonArgument([string[]] $Arguments, [int] $Taken) {
        if ($Taken -lt $Arguments.Count) { return ($Arguments[$Taken] -split ' ')[0] }
        if ($Arguments.Count -and $Arguments[-1] -clike '* many') { return ($Arguments[-1] -split ' ')[0] }
    }

    # The names mlmon knows of a kind, each with its description.
    function Get-MlmonName([string] $Kind, [string] $Workspace, [string] $Service) {
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
    function ConvertTo-MlmonWord([string] $Text) {
        if ($Text -cmatch '^[A-Za-z0-9_./=:-]+$' -and $Text -cnotmatch '^-.*[.:]') { return $Text }
        return "'" + ($Text -replace '[''\u2018-\u201b]', '$0$0') + "'"
    }

    function New-MlmonResult([string] $Text, [string] $About, [string] $Type, [string] $Prefix) {
        $tip = if ($About) { $About } else { $Text }
        [System.Management.Automation.CompletionResult]::new((ConvertTo-MlmonWord "$Prefix$Text"), $Text, $Type, $tip)
    }

    # the words before the one under the cursor, unquoted but not expanded
    $line = @(
        $commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object { if ($null -ne $_.Value) { [string] $_.Value } else { $_.Extent.Text } }
    )
    $typed = [string] $wordToComplete -replace '^[''"]', ''
    $grammar = $commands['']
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
            if (-not $commands.Contains($command)) { return }
            $grammar = $commands[$command]
        } else {
            if ((Get-MlmonArgument $grammar.arguments $taken.Count) -ceq 'services') { $service = $word }
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
        $kind = Get-MlmonArgument $grammar.arguments $taken.Count
    }
    $start = $typed.Substring($prefix.Length)
    if ($kind -ceq 'workspaces' -and $start -match '^[./~]') { $kind = 'folders' }

    switch -Regex -CaseSensitive ($kind) {
        '^commands$' {
            foreach ($name in $commands.Keys) {
                if ($name -and $name.StartsWith($start, [StringComparison]::Ordinal)) {
                    New-MlmonResult $name $commands[$name].help 'Command' ''
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
        '^(services|collections|workspaces|queries)$' {
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
