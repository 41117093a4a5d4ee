import type { Argument, Command, Option } from 'commander';

/**
 * What may stand in a place of the command line. models, versions and names (model/version) are those of the registry, other
 * is what cannot be listed.
 */
export type ValueKind = 'files' | 'folders' | 'models' | 'versions' | 'names' | 'words' | 'other';

export interface Value {
  readonly kind: ValueKind;
  /** Of the kind words. */
  readonly words: readonly string[];
}

export interface FlagNode {
  /** As it is written, the long form first. */
  readonly spellings: readonly string[];
  readonly summary: string;
  /** Null when it takes none. */
  readonly value: Value | null;
}

/** A command, as far as completing needs to know it. */
export interface CommandNode {
  /** Its name behind those of the commands above it: `models list`; empty for `serin` itself. */
  readonly path: string;
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  readonly flags: readonly FlagNode[];
  /** In their order. */
  readonly values: readonly Value[];
  /** Whether the last of them may be given again and again. */
  readonly isVariadic: boolean;
}

/** Every command that the program has, those of its commands too: what is completed is what is there. */
export function commandNodes(command: Command, path = ''): CommandNode[] {
  const help = command.createHelp();
  const subcommands = help
    .visibleCommands(command)
    .map((one) => ({ command: one, name: one.name(), summary: one.summary() || one.description() }));
  const names = subcommands.map(({ name }) => name).filter((name) => name !== 'help');
  const own: CommandNode = {
    path,
    subcommands: subcommands.map(({ name, summary }) => ({ name, summary })),
    flags: help.visibleOptions(command).map(flagNode),
    values: command.registeredArguments.map(argumentValue),
    isVariadic: command.registeredArguments.at(-1)?.variadic ?? false,
  };
  return [
    own,
    ...subcommands.flatMap(({ command: one, name }) => {
      const below = `${path} ${name}`.trim();
      // Commander makes it by itself; its argument is one of the commands beside it.
      if (name === 'help') {
        const value: Value = { kind: 'words', words: names };
        return [{ path: below, subcommands: [], flags: [], values: [value], isVariadic: false }];
      }
      return commandNodes(one, below);
    }),
  ];
}

function flagNode(option: Option): FlagNode {
  const { long, short, description } = option;
  return {
    spellings: [long, short].filter((one) => one != null),
    summary: description,
    value: option.required || option.optional ? flagValue(option) : null,
  };
}

const OTHER: Value = { kind: 'other', words: [] };
const listed = (kind: ValueKind): Value => ({ kind, words: [] });

function flagValue({ long, flags, argChoices, presetArg }: Option): Value {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  // A setting that is true or false.
  if (presetArg === 'true') return { kind: 'words', words: ['true', 'false'] };
  if (long === '--model') return listed('models');
  if (long === '--version' || long === '--model-version') return listed('versions');
  return byPlaceholder(/[<[](.*?)[>\]]/.exec(flags)?.[1] ?? '') ?? OTHER;
}

/** What the help calls the value tells what it is. */
function byPlaceholder(name: string): Value | null {
  switch (name) {
    case 'file':
    case 'path':
      return listed('files');
    case 'folder':
      return listed('folders');
    case 'version':
      return listed('versions');
    default:
      return null;
  }
}

function argumentValue(argument: Argument): Value {
  const name = argument.name();
  if (argument.argChoices !== undefined) return { kind: 'words', words: argument.argChoices };
  if (name === 'model') return listed('models');
  if (name === 'version' || name === 'names') return listed('names');
  if (name === 'folder') return listed('folders');
  // IN, OUT and the traffic of the commands that read some.
  return listed('files');
}
