import { writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, batch, devSentences, has, read, sampleLines } from './batch-harness.js';
import { Service } from './harness.js';

interface Answer {
  readonly label: string;
  readonly score: number;
  readonly model_version: string;
}

/** Both paths infer all 872 sentences: long on cores that are busy with other work. */
const DEV_TIMEOUT_MS = 120_000;

const lines = sampleLines(5);
const input = `${lines.join('\n')}\n`;

/** What the one undisturbed run gives that every other one is compared with. */
let whole: Buffer;
let errors: string;

beforeAll(async () => {
  writeFileSync(at('in.jsonl'), input);
  const { code, stdout, stderr } = await batch(['in.jsonl', 'whole.jsonl', '--json']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/lines +200\nerrors +5\n/) as string,
  });
  expect(JSON.parse(stdout)).toMatchObject({
    lines: 200,
    errors: 5,
    blank_lines: 0,
    resumed_lines: 0,
    truncated_share: 0,
    model_name: 'sentiment',
    model_version: 'v1',
    version_digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    texts_per_s: expect.any(Number) as number,
    tokens_p50: expect.any(Number) as number,
  });
  whole = read('whole.jsonl');
  errors = read('whole.jsonl.errors').toString();
});

describe.concurrent('JSON lines', () => {
  it('each line keeps what it held, byte for byte, and gains the answer', () => {
    const good = lines.filter((line) => line.includes('"id"'));
    const output = whole.toString().split('\n');
    expect(output.pop()).toBe('');
    expect(output).toHaveLength(good.length);
    output.forEach((line, i) => {
      const start = good[i]?.slice(0, -1) ?? '';
      expect(line.startsWith(start)).toBe(true);
      expect(line.slice(start.length)).toMatch(
        /^,"label":"(POSITIVE|NEGATIVE)","score":[01]\.\d{6},"model_name":"sentiment","model_version":"v1","truncated":false}$/,
      );
    });
  });

  it('lines without an answer stand in the errors file, with their number and code', () => {
    const bad = errors
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { line: number; code: string });
    expect(bad.map(({ line, code }) => [line, code])).toEqual([
      [21, 'EMPTY_TEXT'],
      [58, 'MALFORMED_JSON'],
      [95, 'EMPTY_TEXT'],
      [132, 'MALFORMED_JSON'],
      [169, 'EMPTY_TEXT'],
    ]);
  });

  it('a text of which the tokenizer leaves nothing is an error of its line', async () => {
    const texts = [
      '\u200b',
      'a fine film',
      '\0',
      '\u0301',
      '\u00ad\u2060',
      'a dull film',
      '\ufffd',
      '\ue000',
    ];
    writeFileSync(at('nothing.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    const { code } = await batch(['nothing.jsonl', 'nothing-out.jsonl']);
    expect(code).toBe(1);
    const found = read('nothing-out.jsonl.errors').toString().trim().split('\n');
    expect(found.map((line) => JSON.parse(line) as unknown)).toEqual(
      [1, 3, 4, 5, 7, 8].map((line) => ({
        line,
        code: 'EMPTY_TEXT',
        message:
          "The text must have a character that the model reads; the model's tokenizer drops all of these.",
      })),
    );
    const answered = read('nothing-out.jsonl').toString().trim().split('\n');
    expect(answered.map((line) => (JSON.parse(line) as { text: string }).text)).toEqual([
      'a fine film',
      'a dull film',
    ]);
  });

  it('leaves nothing but the journal beside it', () => {
    const left = ['part', 'errors.part', 'lock'].filter((name) => has(`whole.jsonl.${name}`));
    expect(left).toEqual([]);
    expect(has('whole.jsonl.journal')).toBe(true);
  });

  it('two workers write the same bytes as one', async () => {
    const { code } = await batch(['in.jsonl', 'two.jsonl', '--workers', '2']);
    expect(code).toBe(1);
    expect(read('two.jsonl').equals(whole)).toBe(true);
  });

  it('shards, one after the other, are the whole, with the line numbers of the whole', async () => {
    const parts = [1, 2, 3].map((i) => `part${String(i)}.jsonl`);
    for (const [i, part] of parts.entries()) {
      const { stderr } = await batch(['in.jsonl', part, '--shard', `${String(i + 1)}/3`]);
      expect(stderr).toContain('wall time');
    }
    expect(Buffer.concat(parts.map(read)).equals(whole)).toBe(true);
    expect(
      parts.map((part) => (has(`${part}.errors`) ? read(`${part}.errors`).toString() : '')).join(''),
    ).toBe(errors);
  });

  it('from stdin to stdout, with the bad lines on stderr', async () => {
    const { code, bytes, stderr } = await batch(['-', '-'], Buffer.from(input));
    expect(code).toBe(1);
    expect(bytes.equals(whole)).toBe(true);
    expect(stderr).toContain(errors.split('\n')[0]);
  });

  it('CRLF, a byte order mark, blank lines and a missing newline change nothing', async () => {
    writeFileSync(at('crlf.jsonl'), `\uFEFF${lines.slice(0, 30).join('\r\n\r\n')}`);
    const { stdout } = await batch(['crlf.jsonl', 'crlf-out.jsonl', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ lines: 30, errors: 1, blank_lines: 29 });
    const expected = whole.toString().split('\n').slice(0, 29);
    expect(read('crlf-out.jsonl').toString()).toBe(`${expected.join('\n')}\n`);
    expect(read('crlf-out.jsonl.errors').toString()).toContain('"line":41');
  });

  it('a line of megabytes, and --top-k', async () => {
    const long = JSON.stringify({ text: 'good film . '.repeat(300_000) });
    writeFileSync(at('long.jsonl'), `{"text":"bad film"}\n${long}\n{"text":"good film","scores":1}\n`);
    const { code, stdout } = await batch(['long.jsonl', 'long-out.jsonl', '--top-k', '2', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ lines: 3, truncated_share: 0.333333, tokens_p99: 256 });
    const answers = read('long-out.jsonl')
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(answers.map((answer) => (answer as { truncated: boolean }).truncated)).toEqual([
      false,
      true,
      false,
    ]);
    expect(answers[2]).toMatchObject({
      label: 'POSITIVE',
      scores: [{ label: 'POSITIVE' }, { label: 'NEGATIVE' }],
    });
  });
});

describe.concurrent('compressed files', () => {
  it('hold the same, in the same bytes every time, and their shards can be concatenated', async () => {
    writeFileSync(at('in.jsonl.gz'), gzipSync(input));
    await batch(['in.jsonl.gz', 'out.jsonl.gz']);
    expect(gunzipSync(read('out.jsonl.gz')).equals(whole)).toBe(true);
    expect(read('out.jsonl.gz.errors').toString()).toBe(errors);
    await batch(['in.jsonl.gz', 'gz1.jsonl.gz', '--shard', '1/2']);
    await batch(['in.jsonl.gz', 'gz2.jsonl.gz', '--shard', '2/2']);
    expect(Buffer.concat([read('gz1.jsonl.gz'), read('gz2.jsonl.gz')]).equals(read('out.jsonl.gz'))).toBe(
      true,
    );
  });

  it('an empty input gives an empty output, compressed or not', async () => {
    const { code } = await batch(['-', 'empty.jsonl.gz'], Buffer.alloc(0));
    expect(code).toBe(0);
    expect(gunzipSync(read('empty.jsonl.gz'))).toHaveLength(0);
  });
});

describe.concurrent('tables', () => {
  const table = `id,text,label\n${Array.from({ length: 60 }, (_, i) => {
    const pad = i % 3 === 0 ? '"\nquoted\n" '.repeat(1500) : '';
    return `${String(i)},"${(devSentences[i] ?? '').replaceAll('"', '""')}${pad.replaceAll('"', '""')}",gold\n`;
  }).join('')}`;

  it('CSV keeps its columns, gains the answer, and its shards are the whole', async () => {
    writeFileSync(at('in.csv'), `${table}x,y\n`);
    const { code, stderr } = await batch(['in.csv', 'out.csv']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('lines      61') as string });
    const output = read('out.csv').toString();
    expect(output.split('\n')[0]).toBe('id,text,label,score,model_name,model_version,truncated');
    expect(output.match(/,(POSITIVE|NEGATIVE),[01]\.\d{6},sentiment,v1,(true|false)$/gm)).toHaveLength(60);
    const line = table.split('\n').length;
    expect(read('out.csv.errors').toString()).toContain(`{"line":${String(line)},"code":"INVALID_REQUEST"`);
    await batch(['in.csv', 'c1.csv', '--shard', '1/2']);
    await batch(['in.csv', 'c2.csv', '--shard', '2/2']);
    expect(read('c1.csv').toString() + read('c2.csv').toString()).toBe(output);
    expect(read('c2.csv').length).toBeGreaterThan(0);
  });

  it('CSV becomes JSON lines', async () => {
    writeFileSync(at('small.csv'), 'b,text,a\n007,"good, really",x\n');
    await batch(['small.csv', 'small.jsonl']);
    expect(read('small.jsonl').toString()).toMatch(
      /^{"b":"007","text":"good, really","a":"x","label":"POSITIVE",/,
    );
  });
});

describe('the dev sentences', () => {
  let service: Service;

  beforeAll(async () => {
    writeFileSync(at('dev.jsonl'), devSentences.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    service = await Service.start({ REQUEST_TIMEOUT_MS: '60000', WORKERS: '2' });
  });

  afterAll(async () => {
    await service.stop();
  });

  it.each(['v1', 'v2'])(
    'get from %s the labels and scores that the service gives them',
    async (version) => {
      const output = `dev-${version}.jsonl`;
      const { code } = await batch(['dev.jsonl', output, '--workers', '2', '--version', version]);
      expect(code).toBe(0);
      const offline = read(output)
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Answer);
      const online: Answer[] = [];
      for (let i = 0; i < devSentences.length; i += 256) {
        const texts = devSentences.slice(i, i + 256);
        const response = await service.post('/predict_batch', { texts, version });
        online.push(...((await response.json()) as { results: Answer[] }).results);
      }
      expect(offline).toHaveLength(872);
      const differing = offline.filter(({ label, score, model_version: by }, i) => {
        const other = online[i];
        const isEqual = other?.label === label && Math.abs(other.score - score) <= 1e-5;
        return !isEqual || by !== version || other.model_version !== version;
      });
      expect(differing).toEqual([]);
    },
    DEV_TIMEOUT_MS,
  );
});
