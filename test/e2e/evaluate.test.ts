import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvaluationReport } from '../../src/tools/evaluate/evaluation-report.js';
import type { AcceptanceRecord } from '../../src/registry/acceptance.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { REGISTRY } from './pool-harness.js';
import { ADMIN, configFile, folder as stateFolder, RolloutService } from './rollout-harness.js';
import { TempRegistry } from '../support/temp-registry.js';

interface Golden {
  readonly text: string;
  readonly group: string;
  readonly label: string;
  readonly scores: readonly number[];
}

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'serin-evaluate-'));
const at = (name: string): string => join(folder, name);
const registry = new TempRegistry();
const golden = (version: string): Golden[] =>
  (
    JSON.parse(readFileSync(join(REGISTRY, 'sentiment', version, 'parity.json'), 'utf8')) as {
      items: Golden[];
    }
  ).items;

/** Sentences about which both shipped versions are sure, and agree. */
const theirs = golden('v1');
const sure = golden('v2').filter(
  ({ group, label, scores }, i) =>
    group === 'dev' && theirs[i]?.label === label && Math.max(...scores, ...theirs[i].scores) > 0.95,
);
const other = (label: string): string => (label === 'NEGATIVE' ? 'POSITIVE' : 'NEGATIVE');
/** The last two have the wrong label. */
const labelled = sure
  .slice(0, 40)
  .map(({ text, label }, i) => ({ text, label: i < 38 ? label : other(label) }));

const ENVIRONMENT = {
  MODEL_REGISTRY: registry.folder,
  SERIN_CONFIG: join(ROOT, 'serin.config.yaml'),
  WORKERS: '1',
};
const serin = (...args: string[]): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, ...args], { cwd: folder, env: ENVIRONMENT });
const evaluate = (version: string, ...args: string[]): Promise<Finished> =>
  serin('evaluate', version, ...args);
const recordPath = (version: string): string =>
  join(registry.folder, 'sentiment', version, 'acceptance.json');
const recordOf = (version: string): AcceptanceRecord =>
  JSON.parse(readFileSync(recordPath(version), 'utf8')) as AcceptanceRecord;

beforeAll(() => {
  const parity = JSON.parse(readFileSync(join(REGISTRY, 'sentiment/v2/parity.json'), 'utf8')) as {
    items: Golden[];
  };
  const few = JSON.stringify({ ...parity, items: parity.items.slice(0, 20) });
  registry.addVersion('v3');
  for (const version of ['v4', 'v8']) registry.addVersion(version, { accuracy: undefined });
  for (const version of ['v3', 'v4', 'v8']) registry.replace(version, 'parity.json', few);
  writeFileSync(at('data.jsonl'), labelled.map((item) => JSON.stringify(item)).join('\n'));
  const rows = labelled.map(
    ({ text, label }) => `${label === 'POSITIVE' ? '1' : '0'},"${text.replaceAll('"', '""')}"`,
  );
  writeFileSync(at('data.csv'), `stars,review\n${rows.join('\n')}\n`);
});

afterAll(() => {
  registry.delete();
  rmSync(folder, { recursive: true });
});

describe.concurrent('serin evaluate', () => {
  // Alone: it compares what short and long texts cost.
  it(
    'refuses a version that does not gain what is demanded, and records nothing by itself',
    { concurrent: false, timeout: 240_000 },
    async () => {
      const shipped = recordOf('v2');
      const args = ['--against', 'v1', '--data', at('data.jsonl'), '--max-accuracy-drop', '-5', '--json'];
      const { code, stdout, stderr } = await evaluate('sentiment/v2', ...args, '--svg-dir', at('charts/new'));
      expect(stderr).toMatch(
        /refused: accuracy drops by 0\.00 points .* a rise of at least 5\.00 is demanded\n$/,
      );
      expect(code).toBe(1);
      const report = JSON.parse(stdout) as EvaluationReport;
      expect(report).toMatchObject({
        model: 'sentiment',
        data: { name: 'data.jsonl', n: 40, rows: 40, duplicates: 0 },
        candidate: {
          version: 'v2',
          accuracy: { correct: 38, n: 40, accuracy: 0.95 },
          unanswered: 0,
          runs_alone: false,
          batch_variance: { label_flips: 0, mixed: { texts: 40 }, padded: { texts: 40 } },
          parity: { texts: 1335, tokenized_differently: 0, label_flips: 0 },
        },
        against: { version: 'v1', accuracy: { correct: 38 }, parity: { texts: 1335 } },
        comparison: { accuracy_drop_points: 0, lost: 0, won: 0, mcnemar_p: 1, disagreements: { texts: 0 } },
        decision: { accepted: false, runs: 'batched' },
      });
      expect(report.comparison?.score_shift.max).toBeGreaterThan(0);
      for (const { cost } of [report.candidate, report.against].filter((one) => one !== null)) {
        expect(cost.by_length.map(({ tokens }) => tokens)).toEqual([8, 16, 32, 64, 128]);
        const [short, , , , long] = cost.by_length;
        expect(long?.alone_p50_ms).toBeGreaterThan(short?.alone_p50_ms ?? Infinity);
        expect(short?.best_texts_per_s).toBeGreaterThan(long?.best_texts_per_s ?? Infinity);
        expect(cost.texts_per_s).toBeGreaterThan(1);
        expect(cost.load_ms).toBeGreaterThan(10);
        expect(cost.worker_rss_bytes).toBeGreaterThan(50e6);
      }
      for (const chart of ['reliability.svg', 'latency.svg']) {
        expect(readFileSync(at(`charts/new/${chart}`), 'utf8')).toMatch(/^<\?xml[^]*v1[^]*<\/svg>\n$/);
      }
      expect(recordOf('v2')).toEqual(shipped);
    },
  );

  it('reports and records also when a chart cannot be written', async () => {
    mkdirSync(at('charts/odd/reliability.svg'), { recursive: true });
    const args = ['--data', at('data.jsonl'), '--limit', '8', '--min-accuracy', '0.1', '--record'];
    const { code, stdout, stderr } = await evaluate('sentiment/v8', ...args, '--svg-dir', at('charts/odd'));
    expect(stderr).toMatch(/serin: The charts cannot be written: EISDIR/);
    expect(code).toBe(2);
    expect(stdout).toContain('# Evaluation of sentiment/v8\n\n**Accepted.**\n');
    expect(recordOf('v8')).toMatchObject({ decision: 'accepted', data: { n: 8 } });
  }, 120_000);

  it('accepts one that loses nothing, and records it for its very files', async () => {
    const columns = ['--text-field', 'review', '--label-field', 'stars'];
    const { code, stdout, stderr } = await evaluate(
      ...['sentiment/v4', '--against', 'v3', '--data', at('data.csv'), ...columns, '--record'],
    );
    expect(stderr).toMatch(/acceptance\.json is written\nserin: sentiment\/v4 is accepted\n$/);
    expect(code).toBe(0);
    expect(stdout).toContain('# Evaluation of sentiment/v4 against v3\n\n**Accepted.**\n');
    expect(stdout).toContain('| right | 38 of 40 | 38 of 40 |');
    expect(stdout).toContain('Data: data.csv with 41 lines, 40 texts, none twice');
    for (const { text } of labelled) expect(stdout).not.toContain(text);
    expect(recordOf('v4')).toMatchObject({
      schema_version: 1,
      version: 'v4',
      decision: 'accepted',
      reasons: [],
      runs: 'batched',
      against: { version: 'v3' },
      data: { name: 'data.csv', n: 40 },
      limits: { max_accuracy_drop_points: 0.5, confident: false },
      figures: { accuracy: 0.95, accuracy_drop_points: 0, batch_label_flips: 0 },
    });
    const verified = await serin('models', 'verify', 'sentiment/v4');
    expect(verified).toMatchObject({ code: 0, stdout: 'sentiment/v4: ok\n' });
  }, 120_000);

  it('judges one on its own by what accuracy is demanded, and records a refusal too', async () => {
    const args = ['--data', at('data.jsonl'), '--min-accuracy', '0.98', '--limit', '39', '--record'];
    const { code } = await evaluate('sentiment/v3', ...args);
    expect(code).toBe(1);
    expect(recordOf('v3')).toMatchObject({
      decision: 'refused',
      reasons: [expect.stringMatching(/^accuracy is 9\d\.\d+ % .*at least 98\.00 % is demanded/)],
      against: null,
      data: { n: 39, rows: 40 },
    });
  }, 120_000);

  it('ends at Ctrl-C and keeps nothing', async () => {
    const shipped = recordOf('v2');
    const child = spawn(
      process.execPath,
      [MAIN, 'evaluate', 'sentiment/v2', '--data', at('data.jsonl'), '--min-accuracy', '0.5', '--record'],
      {
        cwd: folder,
        env: { PATH: process.env.PATH, ...ENVIRONMENT },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      // A second one would end it at once.
      if (!child.killed && stderr.includes('labelled texts')) child.kill('SIGINT');
    });
    const closed = once(child, 'close');
    const [code] = (await closed) as [number | null];
    expect(stderr).toMatch(/interrupted; nothing is kept/);
    expect(code).toBe(3);
    expect(recordOf('v2')).toEqual(shipped);
  }, 60_000);
});

describe.concurrent('what cannot be evaluated', () => {
  const data = (name: string, content: string): string[] => {
    writeFileSync(at(name), content);
    return ['--data', at(name)];
  };
  const two = '{"text":"a","label":0}\n{"text":"b","label":1}\n';

  beforeAll(() => {
    registry.addVersion('v5', { labels: ['SAD', 'GLAD'] });
    registry.addVersion('v6', { task: 'multi-label-classification' });
    registry.addVersion('v7');
    registry.flipByte('v7', 'model.onnx');
  });

  it.each([
    [
      'foreign labels',
      'sentiment/v3',
      [],
      '{"text":"a","label":"happy"}',
      /labels do not fit the model: "happy"/,
    ],
    ['one class', 'sentiment/v3', [], '{"text":"a","label":0}', /all 1 texts have the label "NEGATIVE"/],
    ['no model', 'v3', [], two, /"v3" names no version: write model\/version/],
    [
      'an unknown version',
      'sentiment/v9',
      [],
      two,
      /The registry has no sentiment\/v9; it has sentiment\/v1/,
    ],
    ['itself', 'sentiment/v3', ['--against', 'sentiment/v3'], two, /cannot be compared with itself/],
    [
      'other labels',
      'sentiment/v5',
      ['--against', 'v3'],
      two,
      /other labels .*v5 has SAD, GLAD; sentiment\/v3 has NEG/,
    ],
    [
      'several labels a text',
      'sentiment/v6',
      [],
      two,
      /task is multi-label-class.*"serin canary set sentiment --version v6 .*--force"/,
    ],
    ['a file that changed', 'sentiment/v7', [], two, /model\.onnx does not match its digest/],
    [
      'a record of an accuracy that was held to nothing',
      'sentiment/v4',
      ['--record'],
      two,
      /--record needs .* --against, or the least accuracy with --min-accuracy/,
    ],
    [
      'charts that have no place',
      'sentiment/v3',
      ['--svg-dir', at('data.csv/charts')],
      two,
      /The charts cannot be written: ENOTDIR/,
    ],
    ['no number', 'sentiment/v3', ['--max-accuracy-drop', 'x'], two, /must be a number, -100 to 100/],
  ])('%s: a sentence and the exit code 2', async (what, version, args, content, sentence) => {
    const { code, stdout, stderr } = await evaluate(version, ...args, ...data(`${what}.jsonl`, content));
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/at .*\.js:|labelled texts, \d+ done/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('a rollout', () => {
  it('takes what its record accepts, refuses what it refuses, and ignores a record of other files', async () => {
    const file = configFile('rollout:\n  sentiment: { stable: v1 }\n');
    const settings = { STATE_DIR: stateFolder(), SERIN_CONFIG: file, MODEL_REGISTRY: registry.folder };
    const rollout = await RolloutService.start(settings);
    try {
      for (const version of ['v3', 'v4']) {
        const path = `/admin/models/sentiment/versions/${version}/load`;
        expect((await rollout.service.fetch(path, { method: 'POST', headers: ADMIN })).status).toBe(200);
      }
      const acceptance = async (): Promise<Record<string, string>> => {
        const { versions } = (await (await rollout.service.fetch('/models/sentiment')).json()) as {
          versions: { version: string; accepted: boolean; acceptance_reason: string }[];
        };
        return Object.fromEntries(
          versions.map(({ version, accepted, acceptance_reason: why }) => [version, `${accepted}: ${why}`]),
        );
      };
      const before = await acceptance();
      expect(before.v1).toBe('true: its manifest has its accuracy on record');
      expect(before.v3).toMatch(/^false: it was evaluated and refused/);
      expect(before.v4).toMatch(/^true: it was evaluated and accepted/);
      const refused = await rollout.put({ version: 'v3', percent: 5 });
      expect(await refused.json()).toMatchObject({
        code: 'VERSION_REFUSED',
        detail: expect.stringMatching(
          /refused .*at least 98\.00 % is demanded.*serin evaluate sentiment\/v3/,
        ) as string,
      });
      expect((await rollout.put({ version: 'v4', percent: 5 })).status).toBe(200);
      expect(await rollout.view()).toMatchObject({
        canary: {
          version: 'v4',
          accepted: true,
          acceptance_reason: expect.stringMatching(/accepted at/) as string,
        },
      });
      writeFileSync(recordPath('v3'), JSON.stringify({ ...recordOf('v3'), manifest_sha256: '0'.repeat(64) }));
      writeFileSync(recordPath('v4'), '{"decision":');
      const after = await acceptance();
      expect(after.v3).toMatch(/^true: .*another manifest and does not count/);
      expect(after.v4).toMatch(/^false: .*acceptance\.json is not JSON/);
      expect((await rollout.view()).problems).toEqual([expect.stringMatching(/canary v4 is not accepted/)]);
    } finally {
      await rollout.service.stop();
    }
  }, 120_000);
});
