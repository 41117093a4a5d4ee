import type { CommandNode, FlagNode, Value } from './command-tree.js';

const quoted = (text: string): string =>
  `'${text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", String.raw`\'`)
    .replaceAll(/\s+/g, ' ')}'`;

/** The completion for fish, with the descriptions of the help. */
export function fishScript(nodes: readonly CommandNode[]): string {
  const withCommands = nodes.filter(({ subcommands }) => subcommands.length > 0);
  return `# Completes serin in fish: serin completion fish > ~/.config/fish/completions/serin.fish
function __serin_path
    set -l where ''
    for word in (commandline -opc)[2..-1]
        switch "$where $word"
${withCommands.flatMap(pathCases).join('\n')}
        end
    end
    echo $where
end

function __serin_at
    test (__serin_path) = "$argv[1]"
end

function __serin_registry_names
    set -l registry model-registry
    set -q MODEL_REGISTRY; and set registry $MODEL_REGISTRY
    for file in $registry/*/*/manifest.json
        set -l parts (string split / $file)
        switch $argv[1]
            case models
                echo $parts[-3]
            case names
                echo $parts[-3]/$parts[-2]
            case versions
                echo $parts[-2]
        end
    end | sort -u
end

complete -c serin -f
${nodes.flatMap(completions).join('\n')}
`;
}

function pathCases({ path, subcommands }: CommandNode): string[] {
  return subcommands.flatMap(({ name }) => [
    `            case ${quoted(`${path} ${name}`)}`,
    `                set where ${quoted(`${path} ${name}`.trim())}`,
  ]);
}

function completions({ path, subcommands, flags, values }: CommandNode): string[] {
  const here = `complete -c serin -n ${quoted(`__serin_at ${quoted(path)}`)}`;
  const kinds = values.filter((value, i) => values.findIndex(({ kind }) => kind === value.kind) === i);
  return [
    ...subcommands.map(({ name, summary }) => `${here} -a ${quoted(name)} -d ${quoted(summary)}`),
    ...flags.map((flag) => `${here} ${spellingsOf(flag)} -d ${quoted(flag.summary)}${valueOf(flag.value)}`),
    ...kinds.map((value) => `${here}${argumentsOf(value)}`),
  ];
}

const spellingsOf = ({ spellings }: FlagNode): string =>
  spellings.map((one) => (one.startsWith('--') ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`)).join(' ');

function valueOf(value: Value | null): string {
  if (value === null) return '';
  return value.kind === 'files' || value.kind === 'folders' ? ' -r -F' : ` -x${argumentsOf(value)}`;
}

function argumentsOf({ kind, words }: Value): string {
  switch (kind) {
    case 'files':
    case 'folders':
      return ' -F';
    case 'words':
      return ` -a ${quoted(words.join(' '))}`;
    case 'other':
      return '';
    case 'models':
    case 'versions':
    case 'names':
      return ` -a ${quoted(`(__serin_registry_names ${kind})`)}`;
  }
}
