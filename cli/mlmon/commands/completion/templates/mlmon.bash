# Completes mlmon in bash. Written by `mlmon completion bash`; commands and options are in here, and only the names
# of services, collections, workspaces and queries are asked of mlmon, which reads them from local files.
# No word is ever evaluated: names are data, and are inserted quoted.

# The options and arguments of a command, or of mlmon itself for ''.
_mlmon_grammar() {
@GRAMMAR@
}

# Splits a line into words as mlmon would get them, running nothing. Sets words; and for the last one, which may be
# unfinished: word, raw (as it was typed) and quote (the quotation mark that is still open).
_mlmon_split() {
  local line=$1 letter next i
  words=() word= raw= quote=
  for ((i = 0; i < ${#line}; i++)); do
    letter=${line:i:1}
    if [[ -z $quote && $letter == [$' \t\n'] ]]; then
      [[ -z $raw ]] || words+=("$word")
      word= raw=
      continue
    fi
    raw+=$letter
    if [[ $letter == "$quote" ]]; then
      quote=
    elif [[ $quote == "'" ]]; then
      word+=$letter
    elif [[ $letter == "\\" ]]; then
      next=${line:i+1:1}
      if [[ $quote == '"' && $next != ['$`"\'] ]]; then
        word+=$letter
      else
        word+=$next raw+=$next i=$((i + 1))
      fi
    elif [[ -z $quote && $letter == [\'\"] ]]; then
      quote=$letter
    else
      word+=$letter
    fi
  done
}

# Finds an option by one of its names. Sets names, kind and often.
_mlmon_find() {
  local row
  for row in "${known_options[@]}"; do
    names=${row%% *}
    if [[ ,$names, == *,"$1",* ]]; then
      row=${row#* } kind=${row%% *} row=${row#* } often=${row%% *}
      return 0
    fi
  done
  return 1
}

# Takes note of an option and, where it has one already, its value.
_mlmon_seen() {
  awaited= kind=flag
  _mlmon_find "$1" || return 0
  [[ $often == many ]] || given+=,$names,
  [[ $kind != flag ]] || return 0
  if [[ -n $2 ]]; then
    _mlmon_value "$1" "${2#=}"
  else
    awaited=$1
  fi
}

# Sets row to what the next argument may be: the last kind again where many are taken, else nothing.
_mlmon_argument() {
  local last=$((${#known_arguments[@]} - 1))
  row=
  if ((count <= last)); then
    row=${known_arguments[count]}
  elif ((last >= 0)) && [[ ${known_arguments[last]} == *' many' ]]; then
    row=${known_arguments[last]}
  fi
}

_mlmon_value() {
  [[ $1 != --workspace ]] || workspace=$2
}

# Offers a word when it goes on from what was typed, quoted for where it will stand. Readline puts it in the place of
# the part behind the last separator ($lead is what stands before that).
_mlmon_offer() {
  [[ $1 == "$typed"* ]] || return 0
  local rest=${1#"$lead"} letter quoted= i
  case $open in
    '') [[ -z $rest ]] || printf -v quoted %q "$rest" ;;
    "'")
      for ((i = 0; i < ${#rest}; i++)); do
        letter=${rest:i:1}
        [[ $letter != "'" ]] || letter="'\\''"
        quoted+=$letter
      done
      ;;
    *)
      for ((i = 0; i < ${#rest}; i++)); do
        letter=${rest:i:1}
        case $letter in
          ['$`"\']) letter="\\$letter" ;;
          '!') letter='"\!"' ;; # between double quotes it would be looked up in the history
        esac
        quoted+=$letter
      done
      ;;
  esac
  if [[ -n $open ]]; then
    # readline takes a quotation mark in front for the one that is open, and one at the end for the closing one
    [[ $quoted != "$open"* ]] || quoted=$open$quoted
    [[ $quoted != *"$open" ]] || quoted+=$open
  fi
  COMPREPLY+=("$quoted")
}

# Offers the values of a kind, each behind a prefix.
_mlmon_values() {
  local prefix=$2 value= list
  [[ $1 != workspaces || ${typed#"$prefix"} != [./~]* ]] || set -- folders
  case $1 in
    =*)
      IFS=, read -r -a list <<<"${1#=}"
      for value in "${list[@]}"; do _mlmon_offer "$prefix$value"; done
      compopt -o nosort 2>/dev/null
      ;;
    services | collections | workspaces | queries)
      while IFS=$'\t' read -r value _; do
        # a name that looks like an option is one, unless -- ended them
        [[ -z $positional || -n $ended || $value != -* ]] || continue
        [[ -z $positional || $'\n'$taken != *$'\n'"$value"$'\n'* ]] || continue
        _mlmon_offer "$prefix$value"
      done < <(command mlmon __complete "$1" "--workspace=$workspace" "--service=$service" 2>/dev/null </dev/null)
      ;;
    files) compopt -o bashdefault -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
  esac
}

_mlmon() {
  local words word raw quote known_options known_arguments known_commands names kind often
  local command= ended= awaited= workspace= service= given= taken= positional= count=0
  local line typed open lead row name i
  _mlmon_split "${COMP_LINE:0:COMP_POINT}"
  line=("${words[@]}") typed=$word open=$quote
  _mlmon_split "${raw%"$2"}"
  lead=$word
  COMPREPLY=()
  _mlmon_grammar ''

  for ((i = 1; i < ${#line[@]}; i++)); do
    word=${line[i]}
    if [[ -n $awaited ]]; then
      _mlmon_value "$awaited" "$word"
      awaited=
    elif [[ -z $ended && $word == -- ]]; then
      ended=yes
    elif [[ -z $ended && $word == --* ]]; then
      name=${word%%=*}
      _mlmon_seen "$name" "${word#"$name"}"
    elif [[ -z $ended && $word == -?* ]]; then
      for ((word = 1; word < ${#line[i]}; word++)); do
        _mlmon_seen "-${line[i]:word:1}" "${line[i]:word+1}"
        [[ $kind == flag ]] || break
      done
    elif [[ -z $command ]]; then
      command=$word
      _mlmon_grammar "$command" || return 0
    else
      _mlmon_argument
      [[ $row != services* ]] || service=$word
      taken+=$word$'\n'
      count=$((count + 1))
    fi
  done

  if [[ -n $awaited ]]; then
    _mlmon_find "$awaited"
    _mlmon_values "$kind" ''
  elif [[ -z $ended && $typed == --*=* ]]; then
    name=${typed%%=*}
    _mlmon_find "$name" && _mlmon_values "$kind" "$name="
  elif [[ -z $ended && $typed == -* ]]; then
    for row in "${known_options[@]}"; do
      names=${row%% *}
      [[ $given != *,"$names",* ]] || continue
      IFS=, read -r -a words <<<"$names"
      for name in "${words[@]}"; do _mlmon_offer "$name"; done
    done
  elif [[ -z $command ]]; then
    for row in "${known_commands[@]}"; do _mlmon_offer "${row%% *}"; done
    compopt -o nosort 2>/dev/null
  else
    positional=yes
    _mlmon_argument
    [[ -z $row ]] || _mlmon_values "${row%% *}" ''
  fi
}

complete -F _mlmon mlmon
