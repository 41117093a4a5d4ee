import type { CommandNode, Value } from './command-tree.js';

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** `files`, or `words a b`. */
const spec = ({ kind, words }: Value): string => quoted([kind, ...words].join(' '));

/**
 * The completion for bash, from 3.2 on. Versions are read from the registry's folders by the shell itself: asking the
 * command would take a second at each key.
 */
export function bashScript(nodes: readonly CommandNode[]): string {
  return `# Completes serin in bash: source <(serin completion bash)
_serin_node() {
  commands='' flags='' values=() variadic=''
  case "$1" in
${nodes.map(nodeCase).join('\n')}
  esac
}

_serin_flag_value() {
  value=''
  case "$1 $2" in
${nodes.flatMap(flagCases).join('\n')}
  esac
}

_serin_registry_names() {
  local folder kind=$1 version
  for folder in "$registry"/*/*/; do
    [ -f "$folder/manifest.json" ] || continue
    folder=\${folder%/} version=\${folder##*/} folder=\${folder%/*}
    case $kind in
      models) echo "\${folder##*/}" ;;
      names) echo "\${folder##*/}/$version" ;;
      versions) [ -z "$model" ] || [ "$model" = "\${folder##*/}" ] && echo "$version" ;;
    esac
  done
}

_serin() {
  local commands flags values variadic value path='' word flag='' last i j=0
  local registry=\${MODEL_REGISTRY:-model-registry} model=''
  local cur=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  _serin_node ''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # bash takes --flag=value for three words.
    [ "$word" = = ] && continue
    if [ -n "$flag" ]; then
      case $flag in --model) model=$word ;; --model-registry) registry=$word ;; esac
      flag=''
    elif [[ $word == -* ]]; then
      _serin_flag_value "$path" "$word"
      [ -n "$value" ] && flag=$word
    elif [[ " $commands " == *" $word "* ]]; then
      path=\${path:+$path }$word
      _serin_node "$path"
    else
      [[ $word == */* && -z $model ]] && model=\${word%%/*}
      ((j++))
    fi
  done
  [ "$cur" = = ] && cur=''
  if [ -n "$flag" ]; then
    _serin_flag_value "$path" "$flag"
  elif [[ $cur == -* ]]; then
    value="words $flags"
  elif [ -n "$commands" ]; then
    value="words $commands"
  else
    last=$((\${#values[@]} - 1))
    [ -n "$variadic" ] && ((j > last)) && j=$last
    value=\${values[j]:-other}
  fi
  case $value in
    words*) COMPREPLY=($(compgen -W "\${value#words}" -- "$cur")) ;;
    models | names | versions) COMPREPLY=($(compgen -W "$(_serin_registry_names "$value" | sort -u)" -- "$cur")) ;;
    files | folders)
      local IFS=$'\\n'
      COMPREPLY=($(compgen "$([ "$value" = files ] && echo -f || echo -d)" -- "$cur"))
      compopt -o filenames 2> /dev/null
      ;;
  esac
}

complete -F _serin serin
`;
}

function nodeCase({ path, subcommands, flags, values, isVariadic }: CommandNode): string {
  const spellings = flags.flatMap((flag) => flag.spellings);
  return `    ${quoted(path)})
      commands=${quoted(subcommands.map(({ name }) => name).join(' '))} variadic=${isVariadic ? 'yes' : "''"}
      flags=${quoted(spellings.join(' '))}
      values=(${values.map(spec).join(' ')})
      ;;`;
}

const flagCases = ({ path, flags }: CommandNode): string[] =>
  flags.flatMap(({ spellings, value }) =>
    value === null
      ? []
      : spellings.map((spelling) => `    ${quoted(`${path} ${spelling}`)}) value=${spec(value)} ;;`),
  );
