import { appendFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '../../src/tools/records/blocks.js';
import {
  at,
  batch,
  blocksDone,
  has,
  LINES_PER_BLOCK,
  read,
  sampleLines,
  startBatch,
  until,
  workersOf,
  type Started,
} from './batch-harness.js';

const BLOCKS = 12;
let whole: Buffer;
let errors: Buffer;

beforeAll(async () => {
  writeFileSync(at('in.jsonl'), sampleLines(BLOCKS).join('\n'));
  await batch(['in.jsonl', 'whole.jsonl']);
  whole = read('whole.jsonl');
  errors = read('whole.jsonl.errors');
});

/** Kills the command, not its workers, once that many blocks are done. */
async function killAt(output: string, blocks: number): Promise<void> {
  const run = startBatch(['in.jsonl', output]);
  await until(() => (blocks === 0 ? has(`${output}.journal`) : blocksDone(output) > blocks));
  run.child.kill('SIGKILL');
  await run.ended;
}

/** The same command again, to its end. */
async function resume(output: string): Promise<{ resumed_lines: number; lines: number; errors: number }> {
  const { stdout } = await batch(['in.jsonl', output, '--json']);
  return JSON.parse(stdout) as { resumed_lines: number; lines: number; errors: number };
}

function expectWhole(output: string): void {
  expect(read(output).equals(whole)).toBe(true);
  expect(read(`${output}.errors`).equals(errors)).toBe(true);
}

describe.concurrent('killed with -9', () => {
  it('three times, at the start, early and late: the output is that of an undisturbed run', async () => {
    for (const blocks of [0, 1, 4]) {
      await killAt('killed.jsonl', blocks);
      expect(has('killed.jsonl')).toBe(false);
    }
    const { resumed_lines: resumed, lines } = await resume('killed.jsonl');
    expect(lines).toBe(BLOCKS * LINES_PER_BLOCK);
    expect(resumed).toBeGreaterThanOrEqual(4 * LINES_PER_BLOCK);
    expectWhole('killed.jsonl');
  });

  it('what was half written is cut off, and what is damaged is made again', async () => {
    await killAt('torn.jsonl', 4);
    appendFileSync(at('torn.jsonl.part'), '{"half');
    appendFileSync(at('torn.jsonl.errors.part'), '{"line"');
    appendFileSync(at('torn.jsonl.journal'), '{"block":5,"end":{"off');
    await killAt('torn.jsonl', 5);
    // As after a power loss: the journal tells of a block that never reached the disk.
    const part = read('torn.jsonl.part');
    writeFileSync(at('torn.jsonl.part'), part.fill(0, part.length - BLOCK_BYTES));
    const { resumed_lines: resumed } = await resume('torn.jsonl');
    expect(resumed).toBeGreaterThan(0);
    expectWhole('torn.jsonl');
  });

  it('a compressed output goes on behind its last whole member', async () => {
    await killAt('killed.jsonl.gz', 2);
    expect((await resume('killed.jsonl.gz')).resumed_lines).toBeGreaterThan(0);
    expect(gunzipSync(read('killed.jsonl.gz')).equals(whole)).toBe(true);
  });

  it('between the last entry and the final name: the next run gives it', async () => {
    writeFileSync(at('late.jsonl.part'), whole);
    const journal = read('whole.jsonl.journal');
    writeFileSync(at('late.jsonl.journal'), journal);
    const { code, stderr } = await batch(['in.jsonl', 'late.jsonl']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('is finished') as string });
    expect(read('late.jsonl').equals(whole)).toBe(true);
  });

  it('a worker: its batch runs again, as it was', async () => {
    const run = startBatch(['in.jsonl', 'worker.jsonl', '--workers', '2']);
    await until(() => blocksDone('worker.jsonl') > 1);
    for (const pid of workersOf(run)) process.kill(pid, 'SIGKILL');
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/worker process was lost/) as string,
    });
    expectWhole('worker.jsonl');
  });
});

it('a worker that hangs is replaced, and its batch runs again, as it was', async () => {
  const run = startBatch(['in.jsonl', 'hang.jsonl', '--worker-watchdog-ms', '300']);
  await until(() => blocksDone('hang.jsonl') > 1);
  for (const pid of workersOf(run)) process.kill(pid, 'SIGSTOP');
  const { code, stderr } = await run.ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/was lost \(watchdog/) as string,
  });
  expectWhole('hang.jsonl');
});

describe.concurrent('interrupted', () => {
  const interrupted = async (run: Started): Promise<void> => {
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining('the same command goes on') as string,
    });
  };

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s once: what is in flight is written, and the rest resumed',
    async (signal) => {
      const output = `${signal}.jsonl`;
      const run = startBatch(['in.jsonl', output]);
      await until(() => blocksDone(output) > 1);
      run.child.kill(signal);
      await interrupted(run);
      expect(has(output)).toBe(false);
      expect(has(`${output}.lock`)).toBe(false);
      expect((await resume(output)).resumed_lines).toBeGreaterThan(LINES_PER_BLOCK / 2);
      expectWhole(output);
    },
  );

  it('once, and npm forwards the signal that reached it too: what is in flight is written', async () => {
    const run = startBatch(['in.jsonl', 'echo.jsonl']);
    await until(() => blocksDone('echo.jsonl') > 1);
    run.child.kill('SIGINT');
    run.child.kill('SIGTERM');
    await interrupted(run);
  });

  it('twice: it stops at once, and can still be resumed', async () => {
    const run = startBatch(['in.jsonl', 'twice.jsonl']);
    await until(() => blocksDone('twice.jsonl') > 1);
    run.child.kill('SIGINT');
    const more = setInterval(() => run.child.kill('SIGTERM'), 50);
    expect((await run.ended).code).toBe(3);
    clearInterval(more);
    expect((await batch(['in.jsonl', 'twice.jsonl', '--resume'])).code).toBe(1);
    expectWhole('twice.jsonl');
  });
});

it('two runs cannot write one output', async () => {
  const run = startBatch(['in.jsonl', 'locked.jsonl']);
  await until(() => has('locked.jsonl.lock'));
  const { code, stderr } = await batch(['in.jsonl', 'locked.jsonl']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/Another run writes this output/) as string,
  });
  await run.ended;
  expectWhole('locked.jsonl');
});

it('an input that grows while it is read gives no output', async () => {
  writeFileSync(at('grows.jsonl'), read('in.jsonl'));
  const run = startBatch(['grows.jsonl', 'grows-out.jsonl']);
  await until(() => blocksDone('grows-out.jsonl') > 1);
  appendFileSync(at('grows.jsonl'), '\n{"text":"late"}\n');
  const { code, stderr } = await run.ended;
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/changed while it was read/) as string,
  });
  expect(has('grows-out.jsonl')).toBe(false);
});

it.concurrent.each<[string, (input: string) => void, RegExp]>([
  ['vanishes', rmSync, /input vanishes\.jsonl vanished while it was read/],
  [
    'shrinks',
    (input) => {
      truncateSync(input, 4 * BLOCK_BYTES - 1000);
    },
    /changed while it was read: it had \d+ bytes and now has 1047576/,
  ],
])(
  'an input that %s while it is read gives no output until it is as it was',
  async (what, change, message) => {
    const [input, output] = [`${what}.jsonl`, `${what}-out.jsonl`];
    writeFileSync(at(input), read('in.jsonl'));
    const { atime, mtime } = statSync(at(input));
    const run = startBatch([input, output]);
    await until(() => blocksDone(output) > 1);
    change(at(input));
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) as string });
    expect(stderr).not.toMatch(/^ +at /m);
    expect(has(output)).toBe(false);

    writeFileSync(at(input), read('in.jsonl'));
    utimesSync(at(input), atime, mtime);
    const { stdout } = await batch([input, output, '--resume', '--json']);
    expect((JSON.parse(stdout) as { resumed_lines: number }).resumed_lines).toBeGreaterThan(0);
    expectWhole(output);
  },
);
