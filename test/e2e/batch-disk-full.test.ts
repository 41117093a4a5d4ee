import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { ownMounts } from '../support/own-mounts.js';
import { at, batch, folder, read, sampleLines } from './batch-harness.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const env = {
  MODEL_REGISTRY: resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry'),
  SERIN_CONFIG: join(ROOT, 'serin.config.yaml'),
  WORKERS: '1',
};

/** For three runs, on cores that are busy with other work. */
const THREE_RUNS_MS = 90_000;

/** Runs a script in which `serin` is the command and `$DISK` an empty folder. */
function script(text: string, way: readonly string[] = []): Promise<Finished> {
  const words = `serin() { '${process.execPath}' '${MAIN}' "$@"; }\nDISK='${at('disk')}'\n${text}`;
  return runCommand('env', [...way, 'sh', '-c', words], { cwd: folder, env });
}

beforeAll(() => {
  writeFileSync(at('in.jsonl'), sampleLines(8).join('\n'));
  mkdirSync(at('disk'));
});

/** A file system of 1 MiB for an output of two; then there is room. */
const FULL_DISK = `
mount -t tmpfs -o size=1m none "$DISK" || exit 99
serin batch in.jsonl "$DISK/out.jsonl"; echo "ended with $?"
ls -A "$DISK"
mount -o remount,size=16m "$DISK"
serin batch in.jsonl "$DISK/out.jsonl" --resume --json; echo "ended with $?"
ls -A "$DISK"
cp "$DISK/out.jsonl" grown.jsonl`;

/** A device that is always full, and whose output cannot be resumed: what is left where nobody may mount. */
async function expectFullDevice(): Promise<void> {
  const { stdout, stderr } = await script('serin batch in.jsonl - > /dev/full; echo "ended with $?"');
  expect(stdout).toBe('ended with 2\n');
  expect(stderr).toContain('serin: stdout cannot be written: the disk is full.\n');
}

it(
  'a disk that is full: a sentence, no output, and the same command goes on when there is room',
  async () => {
    const way = await ownMounts();
    if (way === null) return expectFullDevice();
    const { stdout, stderr } = await script(FULL_DISK, way);
    expect(stderr).toContain(
      'out.jsonl.part cannot be written: the disk is full; free some space and run the same command again, which goes on from here.\n',
    );
    expect(stderr).not.toMatch(/^ +at /m);
    const [first, summary, second] = stdout.split(/^(\{.*\})$/m);
    expect(first).toBe('ended with 2\nout.jsonl.errors.part\nout.jsonl.journal\nout.jsonl.part\n');
    expect((JSON.parse(summary ?? '') as { resumed_lines: number }).resumed_lines).toBeGreaterThan(40);
    expect(second).toBe('\nended with 1\nout.jsonl\nout.jsonl.errors\nout.jsonl.journal\n');
    await batch(['in.jsonl', 'whole.jsonl']);
    expect(read('grown.jsonl').equals(read('whole.jsonl'))).toBe(true);
  },
  THREE_RUNS_MS,
);

it('stdout that is full: a sentence, and no advice that does not hold', expectFullDevice);
