import type { CommandNode, Value } from './command-tree.js';

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A word with its description, as _describe takes it. */
const described = (word: string, summary: string): string =>
  quoted(`${word.replaceAll(':', String.raw`\:`)}:${summary.replaceAll(/\s+/g, ' ')}`);

const spec = ({ kind, words }: Value): string => quoted([kind, ...words].join(' '));

/** The completion for zsh, with the descriptions of the help. */
export function zshScript(nodes: readonly CommandNode[]): string {
  return `#compdef serin
# Completes serin in zsh: source <(serin completion zsh)
_serin_node() {
  commands=() flags=() values=() variadic=''
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
  local file
  for file in $registry/*/*/manifest.json(N); do
    case $1 in
      models) print -r -- \${file:h:h:t} ;;
      names) print -r -- \${file:h:h:t}/\${file:h:t} ;;
      versions) [[ -z $model || $model == \${file:h:h:t} ]] && print -r -- \${file:h:t} ;;
    esac
  done
}

_serin() {
  local -a commands flags values
  local variadic value where='' word flag='' i j=1
  local registry=\${MODEL_REGISTRY:-model-registry} model=''
  _serin_node ''
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ -n $flag ]]; then
      case $flag in --model) model=$word ;; --model-registry) registry=$word ;; esac
      flag=''
    elif [[ $word == -*=* ]]; then
      continue
    elif [[ $word == -* ]]; then
      _serin_flag_value "$where" "$word"
      [[ -n $value ]] && flag=$word
    elif (( \${commands[(I)$word:*]} )); then
      where=\${where:+$where }$word
      _serin_node "$where"
    else
      [[ $word == */* && -z $model ]] && model=\${word%%/*}
      (( j++ ))
    fi
  done
  if [[ -n $flag ]]; then
    _serin_flag_value "$where" "$flag"
  elif compset -P '--*='; then
    _serin_flag_value "$where" "\${IPREFIX%=}"
  elif [[ $PREFIX == -* ]]; then
    _describe -t flags flag flags
    return
  elif (( $#commands )); then
    _describe -t commands command commands
    return
  else
    [[ -n $variadic ]] && (( j > $#values )) && j=$#values
    value=\${values[j]}
  fi
  case $value in
    words*) compadd -- \${=value#words} ;;
    models | names | versions) compadd -- \${(uf)"$(_serin_registry_names $value)"} ;;
    files) _files ;;
    folders) _files -/ ;;
  esac
}

if [[ \${funcstack[1]} == _serin ]]; then
  _serin "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _serin serin
fi
`;
}

function nodeCase({ path, subcommands, flags, values, isVariadic }: CommandNode): string {
  const lines = [
    ...subcommands.map(({ name, summary }) => `commands+=(${described(name, summary)})`),
    ...flags.flatMap(({ spellings, summary }) =>
      spellings.map((spelling) => `flags+=(${described(spelling, summary)})`),
    ),
    ...values.map((value) => `values+=(${spec(value)})`),
    ...(isVariadic ? ['variadic=yes'] : []),
  ];
  return `    ${quoted(path)})\n${lines.map((line) => `      ${line}\n`).join('')}      ;;`;
}

const flagCases = ({ path, flags }: CommandNode): string[] =>
  flags.flatMap(({ spellings, value }) =>
    value === null
      ? []
      : spellings.map((spelling) => `    ${quoted(`${path} ${spelling}`)}) value=${spec(value)} ;;`),
  );
