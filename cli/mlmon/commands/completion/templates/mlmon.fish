# Completes mlmon in fish. Written by `mlmon completion fish`; commands and options are in here, and only the names
# of services, collections, workspaces and queries are asked of mlmon, which reads them from local files.
# No word is ever evaluated: names are data, and fish quotes what it inserts.

# The options and arguments of a command, or of mlmon itself for ''.
function __mlmon_grammar --no-scope-shadowing
    set options
    set arguments
@GRAMMAR@
end

# Finds an option by one of its names. Sets option to names, kind, often and help.
function __mlmon_find --no-scope-shadowing
    for row in $options
        set option (string split --max 3 ' ' -- $row)
        contains -- $argv[1] (string split , -- $option[1]); and return 0
    end
    set option
    return 1
end

# Takes note of an option and, where it has one already, its value.
function __mlmon_seen --no-scope-shadowing
    set awaited
    __mlmon_find $argv[1]; or return 0
    test $option[3] = many; or set -a given $option[1]
    test $option[2] != flag; or return 0
    if set -q argv[2]
        __mlmon_value $argv[1] $argv[2]
    else
        set awaited $argv[1]
    end
end

function __mlmon_value --no-scope-shadowing
    test $argv[1] != --workspace; or set workspace $argv[2]
end

# What the word under the cursor may be: sets kind (of a value, or `options`, `commands`, or nothing), and prefix.
function __mlmon_read --no-scope-shadowing
    __mlmon_grammar ''
    set -l line (commandline -opc)
    for word in $line[2..]
        if set -q awaited[1]
            __mlmon_value $awaited $word
            set awaited
        else if test -z "$ended"; and test "$word" = --
            set ended yes
        else if test -z "$ended"; and string match -q -- '--*' $word
            __mlmon_seen (string split --max 1 = -- $word)
        else if test -z "$ended"; and string match -q -- '-?*' $word
            set -l letters (string sub --start 2 -- $word)
            while set -q letters[1]
                set -l letter (string sub --length 1 -- $letters)
                set letters (string sub --start 2 -- $letters)
                test -n "$letters"; or set letters
                __mlmon_seen -$letter $letters
                test "$option[2]" = flag; or break
            end
        else if test -z "$command"
            set command $word
            __mlmon_grammar $command; or return 1
        else
            set -a taken $word
            set -l at (math min (count $taken), (count $arguments))
            test $at -gt 0; and string match -q 'services *' -- $arguments[$at]; and set service $word
        end
    end

    set -l typed (commandline -ct)
    if set -q awaited[1]
        __mlmon_find $awaited; and set kind $option[2]
        set taken
    else if test -z "$ended"; and string match -q -- '--*=*' $typed
        set -l name (string split --max 1 = -- $typed)[1]
        __mlmon_find $name; and set kind $option[2]
        set prefix $name=
        set taken
    else if test -z "$ended"; and string match -q -- '-*' $typed
        set kind options
    else if test -z "$command"
        set kind commands
    else
        set -l at (math (count $taken) + 1)
        set positional yes
        if set -q arguments[$at]
            set kind (string split ' ' -- $arguments[$at])[1]
        else if set -q arguments[1]; and string match -q '* many' -- $arguments[-1]
            set kind (string split ' ' -- $arguments[-1])[1]
        end
    end
    if test "$kind" = workspaces; and string match -qr '^[./~]' -- (string replace -- "$prefix" '' $typed)
        set kind folders
    end
    test -n "$kind"
end

# Prints what may stand under the cursor, with descriptions behind a TAB; for a kind, says whether it is that.
function __mlmon_complete
    set -l options
    set -l arguments
    set -l commands
    set -l option
    set -l command
    set -l ended
    set -l awaited
    set -l workspace
    set -l service
    set -l given
    set -l taken
    set -l positional
    set -l kind
    set -l prefix
    __mlmon_read; or return 1
    if set -q argv[1]
        test $kind = $argv[1]
        return
    end
    switch $kind
        case commands
            for row in $commands
                string replace ' ' \t -- $row
            end
        case options
            for row in $options
                set option (string split --max 3 ' ' -- $row)
                contains -- $option[1] $given; and continue
                for name in (string split , -- $option[1])
                    printf '%s\t%s\n' $name $option[4]
                end
            end
        case services collections workspaces queries
            command mlmon __complete $kind --workspace="$workspace" --service="$service" 2>/dev/null </dev/null | while read -l row
                set -l name (string split --max 1 \t -- $row)[1]
                # a name that looks like an option is one, unless -- ended them
                test -n "$positional"; and test -z "$ended"; and string match -q -- '-*' $name; and continue
                contains -- $name $taken; and continue
                # fish inserts a leading ~ as it is, which would mean a home folder; between quotation marks it is safe
                string match -q -- '~*' "$prefix$name"; and not string match -qr '^["\']' -- (commandline -ct); and continue
                printf '%s%s\n' $prefix $row
            end
        case '=*'
            printf "$prefix%s\n" (string split , -- (string sub --start 2 -- $kind))
        case folders
            set -l typed (string replace -- "$prefix" '' (commandline -ct))
            __fish_complete_directories $typed '' | string replace -r '^' -- "$prefix"
    end
end

complete -c mlmon -e
complete -c mlmon -f -k -a '(__mlmon_complete)'
complete -c mlmon -n '__mlmon_complete files' -F
