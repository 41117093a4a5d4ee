import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DriftReport } from '../../src/tools/drift/drift.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { Service } from './harness.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const REGISTRY = resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry');
const API_KEY = 'a-key-of-this-test';

/** Line n holds text n - 1. */
const TEXTS = [
  ...Array.from({ length: 40 }, (_, i) => `a film with ${i} good scenes and ${40 - i} dull ones`),
  'caf\u00e9 \u{1F600} \u4e2d\u6587 \ufb01ne',
  'half a character: \ud83d',
  'a long review, '.repeat(400),
];

type Item = Record<string, unknown>;
/** What a front makes of one answered text; the service's own answer when it says nothing. */
type Alteration = (text: string, answer: Item) => Item | undefined;

let folder: string;
let traffic: string;
let keyFile: string;
let service: Service;
const fronts: Server[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'serin-drift-'));
  traffic = join(folder, 'traffic.jsonl');
  keyFile = join(folder, 'key');
  writeFileSync(keyFile, `${API_KEY}\n`);
  writeFileSync(traffic, TEXTS.map((text) => `${JSON.stringify({ id: 7, text })}\n`).join(''));
  // Half of the traffic that names no version goes to the canary.
  service = await Service.start({ API_KEYS: `test:${API_KEY}`, CANARY_PERCENT: '50' });
});

afterEach(() => {
  for (const front of fronts.splice(0)) {
    front.close();
    front.closeAllConnections();
  }
});

afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

const argumentsOf = (input: string, args: readonly string[]): string[] => [
  ...[MAIN, 'drift', input, '--api-key-file', keyFile, '--workers', '1', '--url', service.url],
  ...args,
];

const drift = (args: readonly string[] = [], input = traffic): Promise<Finished> =>
  runCommand(process.execPath, argumentsOf(input, args), { cwd: folder, env: { MODEL_REGISTRY: REGISTRY } });

const reportOf = ({ stdout }: Finished): DriftReport => JSON.parse(stdout) as DriftReport;

/**
 * Something between drift and the service, as a proxy or a release that differs would be.
 * @param intercept answers a request itself when it returns true
 */
async function startFront(
  alter: Alteration,
  intercept: (
    request: number,
    answer: (status: number, headers: Record<string, string>) => void,
  ) => boolean = () => false,
): Promise<string> {
  let requests = 0;
  const front = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '';
      const body = await readAll(request);
      if (path === '/predict_batch') {
        const answered = intercept(++requests, (status, headers) =>
          response.writeHead(status, headers).end(),
        );
        if (answered) return;
      }
      const { authorization = '' } = request.headers;
      const answer = await fetch(`${service.url}${path}`, {
        ...(request.method === 'POST' && { method: 'POST', body }),
        headers: { authorization, 'content-type': 'application/json' },
      });
      const content = (await answer.json()) as { results?: Item[] };
      const { texts = [] } = (body === '' ? {} : JSON.parse(body)) as { texts?: string[] };
      if (content.results)
        content.results = content.results.map((item, i) => alter(texts[i] ?? '', item) ?? item);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    })();
  });
  fronts.push(front);
  await once(front.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
}

describe('two paths that agree', () => {
  it('are told so, whatever the texts and whatever share the canary has', async () => {
    const { code, stdout } = await drift();
    expect(stdout).toMatch(/^sentiment\/v1 at \S+ against the file path: digest [0-9a-f]{12} on both sides/);
    expect(stdout).toContain('so the canary v2 answers none');
    expect(stdout).toContain('43 texts compared, out of 43 lines: 43 equal, 0 different, 0 refused by both');
    expect(code).toBe(0);
  });

  it('may refuse a text together; lines without a text are told', async () => {
    const mixed = join(folder, 'mixed.jsonl');
    writeFileSync(mixed, `{"text":"good"}\n{"text":" "}\nno json\n\n{"text":"good"}\n`);
    const finished = await drift(['--json', '--version', 'v2'], mixed);
    expect(finished.code).toBe(0);
    expect(reportOf(finished)).toMatchObject({
      model: 'sentiment',
      version: 'v2',
      canary: null,
      lines: 4,
      unreadable_lines: 1,
      first_unreadable: { line: 3, problem: 'it is not JSON' },
      compared: 2,
      equal: 1,
      refused_by_both: 1,
      different: 0,
    });
  });

  it('are asked for as many texts as wanted, from stdin too, and always for the same', async () => {
    const asked = new Set<string>();
    const url = await startFront((text) => {
      asked.add(text);
      return undefined;
    });
    await drift(['--url', url, '--sample', '5']);
    expect(asked.size).toBe(5);
    const first = [...asked].sort();
    asked.clear();
    writeFileSync(
      join(folder, 'reversed.jsonl'),
      readFileSync(traffic, 'utf8').split('\n').reverse().join('\n'),
    );
    const command = [process.execPath, ...argumentsOf('-', ['--url', url, '--sample', '5'])];
    const { code } = await runCommand('sh', ['-c', 'exec "$@" < reversed.jsonl', 'sh', ...command], {
      cwd: folder,
      env: { MODEL_REGISTRY: REGISTRY },
    });
    expect(code).toBe(0);
    expect([...asked].sort()).toEqual(first);
  });

  it('wait for each other: a service that is busy is asked again', async () => {
    let refusals = 0;
    const url = await startFront(
      () => undefined,
      (request, answer) => {
        if (request > 2) return false;
        refusals++;
        answer(request === 1 ? 429 : 503, { 'retry-after': '1' });
        return true;
      },
    );
    const { code } = await drift(['--url', url]);
    expect({ code, refusals }).toEqual({ code: 0, refusals: 2 });
  });
});

describe('two paths that differ', () => {
  const lineOf = (text: string): number => TEXTS.indexOf(text) + 1;
  const alter: Alteration = (text, answer) => {
    switch (lineOf(text)) {
      case 3:
        return { ...answer, score: Number(answer.score) - 0.0005 };
      case 5:
        return { ...answer, tokens: Number(answer.tokens) + 1 };
      case 7:
        return { ...answer, model_version: 'v0' };
      case 9:
        return { error: { code: 'INFERENCE_FAILED', detail: 'it failed' } };
      case 11:
        return { ...answer, label: answer.label === 'POSITIVE' ? 'NEGATIVE' : 'POSITIVE' };
      default:
        return undefined;
    }
  };

  it('are told line by line with the likely cause, and never with the text', async () => {
    const url = await startFront(alter);
    const finished = await drift(['--url', url, '--json']);
    expect(finished.code).toBe(1);
    const report = reportOf(finished);
    expect(report).toMatchObject({ compared: 43, equal: 38, different: 5, failed: 1 });
    expect(report.differences.map(({ line, cause }) => [line, cause])).toEqual([
      [3, 'numeric'],
      [5, 'tokenizer'],
      [7, 'other_version'],
      [9, 'service_error'],
      [11, 'model'],
    ]);
    expect(report.differences[0]?.score_difference).toBeCloseTo(0.0005, 6);
    expect(finished.stdout + finished.stderr).not.toContain('good scenes');

    const { code, stdout } = await drift(['--url', url, '--tolerance', '0.01', '--show-text']);
    expect(code).toBe(1);
    expect(stdout).toContain('4 different');
    expect(stdout).not.toContain('line 3 ');
    expect(stdout).toMatch(
      /line 5 .*\n.*"a film with 4 good scenes.*\n {2}service .*\n {2}files .*\n {2}tokenizer: /,
    );
  });

  it('because the registry has other files under the same name', async () => {
    const other = join(folder, 'other-registry');
    mkdirSync(join(other, 'sentiment/v1'), { recursive: true });
    const original = join(REGISTRY, 'sentiment/v1');
    for (const file of readdirSync(original).filter((name) => name !== 'manifest.json')) {
      symlinkSync(join(original, file), join(other, 'sentiment/v1', file));
    }
    const manifest = JSON.parse(readFileSync(join(original, 'manifest.json'), 'utf8')) as Item;
    writeFileSync(join(other, 'sentiment/v1/manifest.json'), JSON.stringify({ ...manifest, max_tokens: 32 }));
    const finished = await drift(['--model-registry', other]);
    expect(finished.code).toBe(1);
    expect(finished.stdout).toContain("WARNING: the service's v1 is not the one of the registry");
    expect(finished.stdout).toMatch(
      /line 43 .*\n {2}service .*256 tokens.*\n {2}files .* 32 tokens.*\n {2}other_digest: /,
    );
    expect(finished.stdout).toContain('max_tokens is 256 there and 32 here');
    expect(finished.stdout).toContain('likely causes: 1 × other_digest');
  });
});

describe('drift that cannot be measured', () => {
  it.concurrent.each<[string, string[], RegExp]>([
    ['nobody answers', ['--url', 'http://127.0.0.1:9'], /^serin: No service answers .*--url/],
    ['the service has no such model', ['--model', 'none'], /has no model none; it has sentiment/],
    ['the service has no such version', ['--version', 'v9'], /has no v9 version of sentiment; it has v1, v2/],
    ['the registry is not there', ['--model-registry', 'none'], /not a folder/],
    [
      'no line has such a field',
      ['--text-field', 'body'],
      /no line has a text \(line 1: it has no field "body"\)/,
    ],
    ['the key is wrong', ['--api-key-file', '/dev/null'], /wants an API key/],
    ['the sample is no number', ['--sample', '0'], /--sample.*whole number/],
    ['the tolerance is no number', ['--tolerance', 'x'], /--tolerance.*number/],
    ['the address is none', ['--url', 'localhost:3000'], /--url.*address such as/],
  ])('because %s', async (_, args, message) => {
    const { code, stdout, stderr } = await drift(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(' at ');
  });

  it('because the file is not there', async () => {
    const { code, stderr } = await drift([], join(folder, 'none.jsonl'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/none\.jsonl cannot be read: it does not exist/);
  });

  it('because it is interrupted', async () => {
    let interrupt = (): unknown => undefined;
    const url = await startFront(
      () => undefined,
      (request) => {
        if (request === 1) interrupt();
        return true;
      },
    );
    const child = spawn(process.execPath, argumentsOf(traffic, ['--url', url]), {
      cwd: folder,
      env: { PATH: process.env.PATH, MODEL_REGISTRY: REGISTRY },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    interrupt = () => child.kill('SIGINT');
    const [stderr] = await Promise.all([readAll(child.stderr), once(child, 'close')]);
    expect({ code: child.exitCode, signal: child.signalCode }).toEqual({ code: 3, signal: null });
    expect(stderr).toMatch(/interrupted/);
  });
});
