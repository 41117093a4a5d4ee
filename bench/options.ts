import { parseArgs } from 'node:util';
import { DEFAULT_ENTRY } from './paths.js';

export interface BenchOptions {
  readonly quick: boolean;
  readonly json: boolean;
  /** Which parts run. */
  readonly speed: boolean;
  readonly chaos: boolean;
  readonly entry: string;
}

export const USAGE = `usage: npm run bench -- [options]
  (none)        measures speed and writes docs/benchmarks.md
  --chaos       measures faults only, and writes nothing: workers killed and stopped, the service told to end
  --all         both, and writes docs/benchmarks.md
  --quick       a short run that writes nothing
  --json        the report as one JSON document on stdout, instead of tables
  --entry FILE  the script that starts the service (default: bin/serin.mjs)
MODEL_REGISTRY names the folder of the models, as for the service.
`;

/** Something that the bench cannot work with: exit code 2. */
export class InputError extends Error {}

/** A wrong option; the usage helps. */
export class UsageError extends InputError {}

/** @returns null when only the usage is asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        chaos: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        entry: { type: 'string', default: DEFAULT_ENTRY },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  if (values.help) return null;
  const { quick, json, chaos, all, entry } = values;
  return { quick, json, entry, speed: all || !chaos, chaos: all || chaos };
}
