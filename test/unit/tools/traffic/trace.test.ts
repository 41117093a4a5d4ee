import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StartError } from '../../../../src/base/errors/start-error.js';
import { readTrace, type Trace, type TraceOptions } from '../../../../src/tools/traffic/trace.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-trace-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(
  content: string | Buffer,
  options: Partial<TraceOptions> = {},
  name = 'trace.jsonl',
): Promise<Trace> {
  const input = join(folder, name);
  writeFileSync(input, content);
  const { signal } = new AbortController();
  return readTrace({ input, textField: 'text', timeField: null, limit: Infinity, signal, ...options });
}

const lines = (...objects: readonly object[]): string =>
  objects.map((one) => `${JSON.stringify(one)}\n`).join('');

describe('a trace', () => {
  it('keeps each text once, and the order of the requests', async () => {
    const trace = await read(
      gzipSync(lines({ text: 'a' }, { text: 'b' }, { text: 'a' })),
      {},
      'trace.jsonl.gz',
    );
    expect(trace).toMatchObject({ texts: ['a', 'b'], ids: [0, 1, 0], timesMs: null, lines: 3, badLines: 0 });
  });

  it('takes texts for the same that the service takes for the same', async () => {
    const trace = await read(lines({ text: 'x\ud83d' }, { text: 'x\ufffd' }, { text: 'x' }));
    expect(trace.ids).toEqual([0, 0, 1]);
  });

  it('ends at its limit', async () => {
    const trace = await read(lines({ text: 'a' }, { text: 'b' }, { text: 'c' }), { limit: 2 });
    expect(trace.ids).toHaveLength(2);
  });

  it('has times since the first request, ISO or milliseconds, and none goes back', async () => {
    const content = lines(
      { text: 'a', at: '2026-01-01T00:00:00Z' },
      { text: 'b', at: Date.UTC(2026, 0, 1, 0, 0, 2) },
      { text: 'c', at: '2026-01-01T00:00:01+00:00' },
      { text: 'd', at: '2026-01-01T00:00:03.500Z' },
    );
    const { timesMs } = await read(content, { timeField: 'at' });
    expect([...(timesMs ?? [])]).toEqual([0, 2000, 2000, 3500]);
  });

  it('skips and tells lines that hold no request', async () => {
    const content = `${lines({ text: 'a', time: 1 }, { text: 'b' }, { text: 'c', time: 'soon' }, { time: 4 })}nothing\n`;
    const trace = await read(content, { timeField: 'time' });
    expect(trace.ids).toEqual([0]);
    expect(trace.badLines).toBe(4);
    expect(trace.firstBadLines).toEqual([
      { line: 2, problem: 'it has no field "time"' },
      { line: 3, problem: 'its "time" is no time' },
      { line: 4, problem: 'it has no field "text"' },
      { line: 5, problem: 'it is not JSON' },
    ]);
  });
});

describe('a trace without times, when times are asked for', () => {
  const timeField = 'time';

  it.each([
    [
      lines({ text: 'a' }, { text: 'b', time: null }),
      /no line has a time \(line 1: it has no field "time"\)/,
    ],
    [lines({ text: 'a', time: 'soon' }, { body: 'b' }), /no line has a text and a time \(line 1: its "time"/],
    [lines({ body: 'a', time: 1 }), /no line has a text \(line 1: it has no field "text"\)/],
    [
      lines({ text: 'a', time: 1 }) + '{"text":"a"}\n'.repeat(1001),
      /more than 1000 lines have no time \(line 2/,
    ],
    [
      lines({ text: 'a', time: 1 }) + '{"text":"a"}\nx\n'.repeat(501),
      /lines have no text or no time \(line 2/,
    ],
  ])('says what is missing (%#)', async (content, reason) => {
    await expect(read(content, { timeField })).rejects.toThrow(reason);
  });
});

describe('what is no trace', () => {
  it.each([
    ['', /it is empty/],
    ['\n\n', /it is empty/],
    [lines({ body: 'a' }, { body: 'b' }), /no line has a text \(line 1: it has no field "text"\)/],
    [
      lines({ text: 'a' }) + 'x\n'.repeat(1001),
      /more than 1000 lines have no text \(line 2: it is not JSON\)/,
    ],
  ])('is refused with a reason (%#)', async (content, reason) => {
    const attempt = read(content);
    await expect(attempt).rejects.toThrow(StartError);
    await expect(attempt).rejects.toThrow(reason);
  });
});
