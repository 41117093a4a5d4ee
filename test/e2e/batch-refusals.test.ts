import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';
import { at, batch, folder, has, read, sampleLines } from './batch-harness.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');

/** The command ends with that code, with one sentence on stderr and nothing on stdout. */
async function refuses(args: readonly string[], message: RegExp, code = 2, cwd = folder): Promise<void> {
  const ended = await batch(args, undefined, cwd);
  expect({ code: ended.code, stdout: ended.stdout }, ended.stderr).toEqual({ code, stdout: '' });
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).not.toMatch(/^ +at /m);
}

/** What the tests read from and write to; tests that run at the same time need a folder each. */
function fill(cwd: string): string {
  writeFileSync(join(cwd, 'in.jsonl'), '{"text":"a good film"}\n{"text":"a bad film"}\n');
  mkdirSync(join(cwd, 'folder'));
  mkdirSync(join(cwd, 'folder.jsonl'));
  writeFileSync(join(cwd, 'mac.csv'), 'text,id\ra good film,1\ra bad film,2\r');
  symlinkSync('circle.jsonl', join(cwd, 'circle.jsonl'));
  symlinkSync('/dev/null', join(cwd, 'null.jsonl'));
  return cwd;
}

beforeAll(() => {
  fill(folder);
});

describe.concurrent('serin batch', () => {
  it('has a help that is enough to use it', async () => {
    const { code, stdout } = await batch(['--help']);
    expect(code).toBe(0);
    const told = [
      '--model',
      '--version',
      '--text-field',
      '--top-k',
      '--shard',
      '--workers',
      '--resume',
      '--restart',
    ];
    for (const word of [
      ...told,
      '--on-error',
      '--json',
      '.gz',
      '.csv',
      'Exit codes',
      '.errors',
      'Examples',
    ]) {
      expect(stdout).toContain(word);
    }
  });

  it.each<[string[], RegExp]>([
    [['in.jsonl'], /missing required argument/],
    [['in.jsonl', 'o.jsonl', '--shard', '3/2'], /--shard is "3\/2"/],
    [['-', 'o.jsonl', '--shard', '1/2'], /stdin has no size/],
    [['in.jsonl', '-', '--resume'], /--resume needs files/],
    [['in.jsonl', 'o.jsonl', '--resume', '--restart'], /cannot be used with/],
    [['in.jsonl', '-', '--json'], /cannot both go to stdout/],
    [['in.jsonl', 'o.jsonl', '--top-k', '0'], /--top-k is "0"/],
    [['in.jsonl', 'o.jsonl', '--text-field', 'label'], /answer has a field of this name/],
    [['in.jsonl', 'o.jsonl', '--text-field', 'scores', '--top-k', '2'], /answer has a field of this name/],
    [['in.jsonl', 'o.jsonl', '--on-error', 'panic'], /Allowed choices are record, stop/],
    [['in.jsonl', 'o.txt'], /must end with \.jsonl/],
    [['in.jsonl', 'o.constructor'], /must end with \.jsonl/],
    [['in.jsonl', 'folder.jsonl'], /folder\.jsonl cannot be written: it is a folder/],
    [['in.jsonl', 'folder.jsonl', '--restart'], /folder\.jsonl cannot be written: it is a folder/],
    [['in.jsonl', 'o.csv'], /cannot be written as CSV/],
    [['in.jsonl', './in.jsonl'], /same file/],
    [['in.jsonl', 'o.jsonl', '--version', 'v9'], /no version "v9"; it has v1, v2/],
    [['in.jsonl', 'o.jsonl', '--model', 'mood'], /no model "mood"/],
    [['none.jsonl', 'o.jsonl'], /none\.jsonl cannot be read: it does not exist/],
    [['folder', 'o.jsonl'], /must end with/],
    [['in.jsonl', 'nowhere/o.jsonl'], /its folder does not exist/],
    [['in.jsonl', 'in.jsonl/o.jsonl'], /cannot be written: a part of its path is a file, not a folder/],
    [['in.jsonl/x.jsonl', 'o.jsonl'], /cannot be read: a part of its path is a file, not a folder/],
    // Too long alone, and too long with what stands behind the names of the files beside OUT.
    [['in.jsonl', `${'n'.repeat(250)}.jsonl`], /cannot be written: its name is too long/],
    [['in.jsonl', `${'n'.repeat(240)}.jsonl`], /cannot be written: its name is too long/],
    [[`${'n'.repeat(250)}.jsonl`, 'o.jsonl'], /cannot be read: its name is too long/],
    [['in.jsonl', 'circle.jsonl'], /circle\.jsonl cannot be used: its links lead to one another/],
    [['circle.jsonl', 'o.jsonl'], /circle\.jsonl cannot be read: its links lead to one another/],
    [['in.jsonl', 'null.jsonl', '--restart'], /\/dev\/null cannot be written: it is neither a file/],
    [['in.jsonl', 'o.jsonl', '--quotes'], /--quotes is for TSV/],
    [['mac.csv', 'o.csv'], /carriage return outside of quotes.*in line 1 .*Lines must end with LF or CRLF/],
    [
      ['in.jsonl', 'o.jsonl', '--model-registry', 'in.jsonl/x'],
      /in\.jsonl\/x is not a folder; set MODEL_REGISTRY/,
    ],
    [['in.jsonl', 'o.jsonl', '--resume'], /no o\.jsonl\.journal/],
  ])('refuses the arguments %j with a sentence and the exit code 2', async (args, message) => {
    const cwd = fill(mkdtempSync(join(folder, 'usage-')));
    await refuses(args, message, 2, cwd);
    expect(existsSync(join(cwd, 'o.jsonl'))).toBe(false);
  });
});

describe.concurrent('a field of the answer that is not asked for', () => {
  it('can hold the text', async () => {
    writeFileSync(at('scores.jsonl'), '{"scores":"a good film"}\n');
    expect((await batch(['scores.jsonl', 'scores-out.jsonl', '--text-field', 'scores'])).code).toBe(0);
    expect(read('scores-out.jsonl').toString()).toMatch(/^{"scores":"a good film","label":"POSITIVE"/);
  });
});

describe.concurrent('an output that is there', () => {
  it('and is the input by another name is left alone, also with --restart', async () => {
    symlinkSync('in.jsonl', at('link.jsonl'));
    linkSync(at('in.jsonl'), at('hard.jsonl'));
    const input = read('in.jsonl');
    await refuses(['link.jsonl', 'in.jsonl', '--restart'], /IN and OUT are the same file/);
    await refuses(['in.jsonl', 'hard.jsonl', '--restart'], /IN and OUT are the same file/);
    expect(read('in.jsonl').equals(input)).toBe(true);
    rmSync(at('hard.jsonl'));
  });

  it('and is a link stays a link: what it leads to is written, with the files beside it', async () => {
    mkdirSync(at('elsewhere'));
    for (const [name, to] of [
      ['to-file.jsonl', 'elsewhere/file.jsonl'],
      ['to-nothing.jsonl', 'elsewhere/nothing.jsonl'],
    ] as const) {
      symlinkSync(to, at(name));
      if (name === 'to-file.jsonl') writeFileSync(at(to), 'precious\n');
      const { code, stderr } = await batch(['in.jsonl', name, '--restart']);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(`${name} is a link: ${at(to)} is written`);
      expect(readlinkSync(at(name))).toBe(to);
      expect([has(`${to}.journal`), has(`${name}.journal`)]).toEqual([true, false]);
      expect(read(to).toString()).toMatch(/^{"text":"a good film","label":"POSITIVE"/);
      expect((await batch(['in.jsonl', name])).stderr).toMatch(/is finished, from this input/);
    }
  });

  it('is left alone when somebody else made it, and replaced with --restart', async () => {
    writeFileSync(at('theirs.jsonl'), 'precious\n');
    await refuses(['in.jsonl', 'theirs.jsonl'], /exists, and no journal.*--restart replaces it/);
    expect(read('theirs.jsonl').toString()).toBe('precious\n');
    expect((await batch(['in.jsonl', 'theirs.jsonl', '--restart'])).code).toBe(0);
    expect(read('theirs.jsonl').toString()).toContain('"label":"POSITIVE"');
  });

  it('that is finished is left alone, and says what has changed', async () => {
    writeFileSync(at('mine-in.jsonl'), read('in.jsonl'));
    await batch(['mine-in.jsonl', 'mine.jsonl']);
    const again = await batch(['mine-in.jsonl', 'mine.jsonl', '--json']);
    expect({ code: again.code, stderr: again.stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('mine.jsonl is finished') as string,
    });
    expect(JSON.parse(again.stdout)).toMatchObject({ lines: 2, errors: 0, ended: 'finished' });
    await refuses(['mine-in.jsonl', 'mine.jsonl', '--top-k', '2'], /the options top k \(was "unset", is 2\)/);
    await refuses(['mine-in.jsonl', 'mine.jsonl', '--version', 'v2'], /version name \(was "sentiment\/v1"/);
    utimesSync(at('mine-in.jsonl'), 1, 1);
    await refuses(['mine-in.jsonl', 'mine.jsonl'], /the input modified \(was/);
    writeFileSync(at('mine-in.jsonl'), '{"text":"another"}\n');
    await refuses(['mine-in.jsonl', 'mine.jsonl'], /the input bytes \(was 45, is 19\)/);
  });
});

describe.concurrent('stdin', () => {
  it('is never taken for what made the output', async () => {
    expect((await batch(['-', 'pipe.jsonl'], Buffer.from('{"text":"a good film"}\n'))).code).toBe(0);
    const [output, other] = [read('pipe.jsonl'), Buffer.from('{"text":"a bad film"}\n')];
    const again = await batch(['-', 'pipe.jsonl'], other);
    expect({ code: again.code, stderr: again.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/pipe\.jsonl exists, and what comes from stdin cannot/) as string,
    });
    expect(read('pipe.jsonl').equals(output)).toBe(true);
    expect((await batch(['-', 'pipe.jsonl', '--restart'], other)).code).toBe(0);
    expect(read('pipe.jsonl').toString()).toContain('a bad film');
    rmSync(at('pipe.jsonl'));
    expect((await batch(['-', 'pipe.jsonl'], other)).code).toBe(0);
  });
});

describe.concurrent('what goes wrong on the way', () => {
  it('--on-error stop ends at the first bad line, and --on-error record goes on from there', async () => {
    writeFileSync(at('bad.jsonl'), sampleLines(2).slice(21).join('\n'));
    await refuses(
      ['bad.jsonl', 'stop.jsonl', '--on-error', 'stop'],
      /stopped at line 37: MALFORMED_JSON: .*not JSON/s,
      1,
    );
    expect(has('stop.jsonl')).toBe(false);
    const { code, stderr } = await batch(['bad.jsonl', 'stop.jsonl', '--resume']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/errors +1\n/) as string });
  });

  it('a compressed file that is cut off gives no output', async () => {
    const whole = gzipSync(sampleLines(3).join('\n'));
    writeFileSync(at('cut.jsonl.gz'), whole.subarray(0, whole.length - 100));
    await refuses(['cut.jsonl.gz', 'cut-out.jsonl'], /cut\.jsonl\.gz is not a whole gzip file/);
    expect(has('cut-out.jsonl')).toBe(false);
  });

  it('a table without the column that holds the text', async () => {
    writeFileSync(at('wrong.csv'), 'a,b\n1,2\n');
    await refuses(['wrong.csv', 'wrong-out.csv'], /no column "text"; it has "a", "b"\. --text-field/);
  });

  it('a file that may not grow: a sentence, no output, and it goes on later', async () => {
    writeFileSync(at('big.jsonl'), sampleLines(4).join('\n'));
    const command = [process.execPath, MAIN, 'batch', 'big.jsonl', 'big-out.jsonl']
      .map((word) => `'${word}'`)
      .join(' ');
    const env = {
      MODEL_REGISTRY: resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry'),
      SERIN_CONFIG: join(ROOT, 'serin.config.yaml'),
      WORKERS: '1',
    };
    const limited = `ulimit -f 500; trap '' XFSZ; exec ${command}`;
    const { code, stderr } = await runCommand('bash', ['-c', limited], { cwd: folder, env });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /big-out\.jsonl\.part cannot be written: the file would be larger/,
      ) as string,
    });
    expect(has('big-out.jsonl')).toBe(false);
    const { stdout } = await batch(['big.jsonl', 'big-out.jsonl', '--resume', '--json']);
    expect((JSON.parse(stdout) as { resumed_lines: number }).resumed_lines).toBeGreaterThan(0);
    rmSync(at('big.jsonl'));
  });

  // Alone: a run that takes long tells its progress on stderr.
  it('a reader of stdout that has seen enough ends it quietly', { concurrent: false }, async () => {
    writeFileSync(at('piped.jsonl'), sampleLines(3).join('\n'));
    const command = `'${process.execPath}' '${MAIN}' batch piped.jsonl - | head -c 10; echo " \${PIPESTATUS[0]}"`;
    const env = {
      MODEL_REGISTRY: resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry'),
      SERIN_CONFIG: join(ROOT, 'serin.config.yaml'),
      WORKERS: '1',
    };
    const { stdout, stderr } = await runCommand('bash', ['-c', command], { cwd: folder, env });
    expect(stdout).toBe('{"id": 900 0\n');
    expect(stderr.replaceAll(/^{.*}$\n/gm, '')).toBe('');
  });

  it.each([
    ['stderr', '2>&1 >/dev/null'],
    ['stdout', '--json 2>/dev/null'],
  ])('a reader of %s that has gone changes neither the output nor the exit code', async (stream, to) => {
    const command = `'${process.execPath}' '${MAIN}' batch in.jsonl unread-${stream}.jsonl --restart ${to}`;
    const env = {
      MODEL_REGISTRY: resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry'),
      SERIN_CONFIG: join(ROOT, 'serin.config.yaml'),
      WORKERS: '1',
    };
    rmSync(at(`unread-${stream}.jsonl`), { force: true });
    const { stdout } = await runCommand('bash', ['-c', `${command} | true; echo "\${PIPESTATUS[0]}"`], {
      cwd: folder,
      env,
    });
    expect(stdout).toBe('0\n');
    expect(read(`unread-${stream}.jsonl`).toString()).toContain('"label":"POSITIVE"');
  });
});
