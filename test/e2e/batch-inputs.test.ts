import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';
import { at, batch, blocksDone, folder, read, sampleLines, startBatch, until } from './batch-harness.js';

/** Several runs, each of which loads a model: long on cores that are busy with other work. */
const LONG_TIMEOUT_MS = 240_000;

/** The objects of a file of JSON lines. */
const objects = (name: string): Record<string, unknown>[] =>
  read(name)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe.concurrent('an input with the names of the answer', () => {
  it('is warned of before the run, and both are kept with --prefix', async () => {
    writeFileSync(at('label.csv'), 'label,text,score\nSPAM,a good film,7\n');
    const warned = await batch(['label.csv', 'label-out.csv']);
    expect(warned.code).toBe(0);
    expect(warned.stderr).toMatch(
      /^serin: warning: the input's "label", "score" are left out.* --prefix model_ .*model_label, model_score/,
    );
    expect(read('label-out.csv').toString()).toMatch(
      /^text,label,score,model_name,model_version,truncated\na good film,POSITIVE,/,
    );

    const kept = await batch(['label.csv', 'kept.csv', '--prefix', 'model_']);
    expect({ code: kept.code, stderr: kept.stderr }).toEqual({
      code: 0,
      stderr: expect.not.stringContaining('warning') as string,
    });
    expect(read('kept.csv').toString()).toMatch(
      /^label,text,score,model_label,model_score,model_model_name,model_model_version,model_truncated\nSPAM,a good film,7,POSITIVE,/,
    );
    // Another prefix is another output: it does not go on with this one.
    expect((await batch(['label.csv', 'kept.csv', '--prefix', 'm_'])).stderr).toMatch(
      /the options prefix \(was "model_", is "m_"\)/,
    );
  });

  it('whose texts stand in quotes, as pandas writes TSV, is warned of once', async () => {
    writeFileSync(at('quoted.tsv'), 'id\ttext\n1\t"a good film"\n2\t"a dull film"\n3\tno "quotes" here\n');
    const { code, stderr } = await batch(['quoted.tsv', 'quoted-out.tsv']);
    expect(code).toBe(0);
    expect(stderr.match(/warning: .*/g)).toEqual([expect.stringContaining('with --quotes') as string]);
    const quiet = await batch(['quoted.tsv', 'unquoted-out.tsv', '--quotes']);
    expect(quiet.stderr).not.toContain('warning');
  });

  it('is warned of in JSON lines too, once for each name, wherever it comes first', async () => {
    const lines = ['{"text":"a good film"}', '{"text":"a","label":1}', '{"text":"b","label":2,"scores":3}'];
    writeFileSync(at('late.jsonl'), lines.join('\n'));
    const { stderr } = await batch(['late.jsonl', 'late-out.jsonl']);
    expect(stderr.match(/warning: .*/g)).toEqual([
      expect.stringContaining(`the input's "label" is left out`) as string,
    ]);
    const prefixed = await batch(['late.jsonl', 'both.jsonl', '--prefix', 'model_', '--top-k', '2']);
    expect(prefixed.stderr).not.toContain('warning');
    expect(objects('both.jsonl')[2]).toMatchObject({
      ...{ label: 2, scores: 3, model_scores: [{}, {}] },
      ...{ model_label: expect.any(String) as string, model_score: expect.any(Number) as number },
    });
  });
});

describe.concurrent('a run that is refused', () => {
  it.each([
    ['the column is missing', 'a.csv', 'txt\nhello\n', /no column "text"/],
    ['a record of the first block', 'b.csv', 'text\na good film\nbad\rfilm\n', /carriage return/],
  ])(
    'leaves nothing behind, and nothing of an earlier run changed: %s',
    async (_, name, content, message) => {
      const cwd = mkdtempSync(join(folder, 'refused-'));
      writeFileSync(join(cwd, name), content);
      const { code, stderr } = await batch([name, 'out.csv'], undefined, cwd);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) as string });
      expect(readdirSync(cwd)).toEqual([name]);

      writeFileSync(join(cwd, 'good.csv'), 'text\na good film\n');
      expect((await batch(['good.csv', 'out.csv'], undefined, cwd)).code).toBe(0);
      const before = ['out.csv', 'out.csv.journal'].map((file) => readFileSync(join(cwd, file), 'utf8'));
      expect((await batch([name, 'out.csv', '--restart'], undefined, cwd)).code).toBe(2);
      expect(['out.csv', 'out.csv.journal'].map((file) => readFileSync(join(cwd, file), 'utf8'))).toEqual(
        before,
      );
      expect(readdirSync(cwd).sort()).toEqual([name, 'good.csv', 'out.csv', 'out.csv.journal'].sort());
    },
  );

  it('starts no worker, nor does an input without a text', async () => {
    const [log, hook] = [at('forks.log'), at('forks.cjs')];
    writeFileSync(
      hook,
      `const child = require('node:child_process');
       const { fork } = child;
       child.fork = (...args) => {
         require('node:fs').appendFileSync(${JSON.stringify(log)}, '+');
         return fork(...args);
       };
       require('node:module').syncBuiltinESMExports();`,
    );
    const workers = async (content: string): Promise<number> => {
      writeFileSync(at('few.csv'), content);
      writeFileSync(log, '');
      const main = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
      const args = ['--require', hook, main, 'batch', 'few.csv', 'few-out.csv', '--restart'];
      const env = {
        MODEL_REGISTRY: resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry'),
        SERIN_CONFIG: join(ROOT, 'serin.config.yaml'),
        WORKERS: '1',
      };
      await runCommand(process.execPath, args, { cwd: folder, env });
      return readFileSync(log, 'utf8').length;
    };
    expect(await workers('txt\na good film\n')).toBe(0);
    expect(await workers('text,n\n,1\none,too,many\n')).toBe(0);
    expect(await workers('text,n\na good film,1\n')).toBe(1);
  });
});

it('the figures at the end name the first error, and how many there are of each code', async () => {
  writeFileSync(at('errors.jsonl'), '{"text":"a"}\n{"text":""}\n{"txt":"b"}\n{"text":" "}\n');
  const { code, stdout, stderr } = await batch(['errors.jsonl', 'errors-out.jsonl', '--json']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /errors +3: 2 EMPTY_TEXT, 1 INVALID_REQUEST\nfirst +line 2: EMPTY_TEXT: text must not be empty/,
    ) as string,
  });
  const [first] = objects('errors-out.jsonl.errors');
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ errors: 3, error_codes: { EMPTY_TEXT: 2, INVALID_REQUEST: 1 }, first_error: first },
  });
});

describe.concurrent('the same texts in other files', () => {
  const TEXTS = ['a good film', 'a dull café; and "late"', 'one of the best'];
  const rows = TEXTS.map((text, i) => ({ id: i + 1, text }));
  const csv = `id;text\r\n${rows.map(({ id, text }) => `${id};"${text.replaceAll('"', '""')}"\r\n`).join('')}`;
  const nested = rows.map(({ id, text }) => ({ id, review: { text } }));

  it.each<[string, string, Buffer, string[]]>([
    ['an array of JSON', 'a.json', Buffer.from(JSON.stringify(rows, null, 2)), []],
    ['an array of JSON on stdin', '-', Buffer.from(JSON.stringify(rows)), ['--format', 'json']],
    ['JSON lines called .json', 'b.json', Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')), []],
    ['lines of text', 'c.txt', Buffer.from(TEXTS.join('\r\n')), []],
    ['CSV on stdin', '-', Buffer.from(csv), ['--format', 'csv', '--delimiter', ';']],
    [
      'windows-1252 with semicolons',
      'd.csv',
      Buffer.from(csv, 'latin1'),
      ['--delimiter', ';', '--encoding', 'windows-1252'],
    ],
    ['UTF-16', 'e.txt', Buffer.from(`\uFEFF${TEXTS.join('\n')}`, 'utf16le'), ['--encoding', 'utf-16']],
    ['a nested text', 'f.json', Buffer.from(JSON.stringify(nested)), ['--text-field', 'review.text']],
  ])('have the same answers: %s', async (_, name, content, flags) => {
    const cwd = mkdtempSync(join(folder, 'other-'));
    const run = async (input: string, bytes: Buffer, more: readonly string[]) => {
      if (input !== '-') writeFileSync(join(cwd, input), bytes);
      const { code, stdout, stderr } = await batch(
        [input, '-', ...more],
        input === '-' ? bytes : undefined,
        cwd,
      );
      expect(code, stderr).toBe(0);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { text?: string; review?: { text: string }; score: number });
    };
    const lines = await run(
      'plain.jsonl',
      Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')),
      [],
    );
    const others = await run(name, content, flags);
    const shown = ({ text, review, score }: (typeof lines)[number]) => ({
      text: text ?? review?.text,
      score,
    });
    expect(others.map(shown)).toEqual(lines.map(shown));
  });

  it('as lines of text can be written as a table, with the delimiter of the input where that is CSV', async () => {
    writeFileSync(at('texts.txt'), 'a good film\n\n"a dull, late film"\n');
    expect((await batch(['texts.txt', 'texts.csv', '--text-field', 'review'])).code).toBe(0);
    expect(read('texts.csv').toString()).toMatch(
      /^review,label,score,.*\na good film,POSITIVE,.*\n"""a dull, late film""",NEGATIVE,/,
    );
    writeFileSync(at('semi.csv'), csv);
    expect((await batch(['semi.csv', 'semi-out.csv', '--delimiter', ';'])).code).toBe(0);
    expect(read('semi-out.csv').toString()).toMatch(/^id;text;label;score;.*\n1;a good film;POSITIVE;/);
  });
});

it('a Parquet file has the answers of the same rows as JSON lines, whole and in shards', async () => {
  writeFileSync(at('rows.parquet'), readFileSync(`${ROOT}test/unit/tools/records/parquet/snappy.parquet`));
  const whole = await batch(['rows.parquet', 'rows.jsonl']);
  // One text is null, and one is blank.
  expect(whole.code, whole.stderr).toBe(1);
  expect(whole.stderr).toMatch(/errors +2: .*1 EMPTY_TEXT/);
  const answered = objects('rows.jsonl');
  expect(answered.map(({ id }) => id)).toEqual([1, 2, 5, 6, 7]);
  const asked = answered.map((row) => ({ id: row.id, text: row.text }));
  writeFileSync(at('same.jsonl'), asked.map((row) => `${JSON.stringify(row)}\n`).join(''));
  expect((await batch(['same.jsonl', 'same-out.jsonl'])).code).toBe(0);
  expect(objects('same-out.jsonl').map(({ id, score }) => ({ id, score }))).toEqual(
    answered.map(({ id, score }) => ({ id, score })),
  );
  for (const shard of ['1/2', '2/2'])
    await batch(['rows.parquet', `rows${shard[0] ?? ''}.jsonl`, '--shard', shard]);
  const parts = Buffer.concat([read('rows1.jsonl'), read('rows2.jsonl')]);
  expect(parts.equals(read('rows.jsonl'))).toBe(true);
});

describe.concurrent('an array of several blocks', () => {
  const BLOCKS = 4;

  it(
    'has the same bytes after a kill, and in shards, as in one run',
    { timeout: LONG_TIMEOUT_MS },
    async () => {
      const elements = sampleLines(BLOCKS).filter((line) => line.endsWith('}'));
      writeFileSync(at('array.json'), `[\n${elements.join(',\n')}\n]\n`);
      writeFileSync(at('lines.jsonl'), elements.map((line) => `${line}\n`).join(''));
      const one = await batch(['lines.jsonl', 'one.jsonl']);
      expect(one.code).toBe(1);
      const run = startBatch(['array.json', 'killed.jsonl']);
      await until(() => blocksDone('killed.jsonl') > 1);
      run.child.kill('SIGKILL');
      await run.ended;
      const { stdout } = await batch(['array.json', 'killed.jsonl', '--json']);
      expect((JSON.parse(stdout) as { resumed_lines: number }).resumed_lines).toBeGreaterThan(0);
      for (const name of ['', '.errors']) {
        expect(read(`killed.jsonl${name}`).equals(read(`one.jsonl${name}`))).toBe(true);
      }
      for (const shard of ['1/2', '2/2']) {
        expect((await batch(['array.json', `part${shard[0] ?? ''}.jsonl`, '--shard', shard])).code).toBe(1);
      }
      const parts = Buffer.concat([read('part1.jsonl'), read('part2.jsonl')]);
      expect(parts.equals(read('one.jsonl'))).toBe(true);
    },
  );
});
