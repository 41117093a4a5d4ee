import { describe, expect, it } from 'vitest';
import { int8Kernels, judgeCores, judgeFeatures } from '../../../../src/tools/doctor/cpu-findings.js';
import { mustBeMended, note, ok, fail, warn, renderFindings } from '../../../../src/tools/doctor/finding.js';
import { parseFeatures, processorNotes, type Processors } from '../../../../src/base/machine/processors.js';
import { judgeProxy } from '../../../../src/tools/doctor/proxy-findings.js';
import { judgeRedis, parseInfo } from '../../../../src/tools/doctor/redis-findings.js';
import {
  judgeRuntime,
  runtimeFacts,
  type RuntimeFacts,
} from '../../../../src/tools/doctor/runtime-findings.js';
import { judgeMemory } from '../../../../src/tools/doctor/version-findings.js';
import { runCheck } from '../../../../src/tools/doctor/run-check.js';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { expectFits, NARROW } from '../../../support/narrow-screen.js';

const PROCESSORS: Processors = {
  processors: 4,
  physicalCores: 4,
  quota: Infinity,
  granted: 4,
  model: 'A CPU',
  features: new Set(['avx2']),
  numaNodes: 1,
};

const versionOf = (manifest: object): ModelVersion =>
  ({ model: 'm', version: 'v1', manifest: { files: {}, ...manifest } }) as unknown as ModelVersion;

describe('cores', () => {
  it.each([
    [4, 1, 'ok'],
    [2, 2, 'ok'],
    [2, 1, 'note'],
    [4, 2, 'warn'],
  ])('%i workers × %i threads on four cores: %s', (workers, threadsPerWorker, state) => {
    expect(judgeCores(PROCESSORS, { workers, threadsPerWorker }).map((finding) => finding.state)).toEqual([
      state,
    ]);
  });

  it('tells hyper-threads, a quota with its fraction, and memory nodes', () => {
    expect(processorNotes(PROCESSORS)).toEqual([]);
    const odd = { ...PROCESSORS, physicalCores: 2, quota: 1.5, granted: 1, numaNodes: 2 };
    const [threads, quota, nodes] = processorNotes(odd);
    expect(threads).toMatch(/^4 processors are hyper-threads of 2 cores/);
    expect(quota).toMatch(/grants 1\.5 processors of 4.*1 thread may infer; 0\.50 of it is left/);
    expect(nodes).toMatch(/^2 memory nodes.*numactl/);
    expect(judgeCores(odd, { workers: 1, threadsPerWorker: 1 })).toHaveLength(4);
  });
});

describe('features', () => {
  const int8 = { precision: 'int8', checked_on: [{ cpu: 'X', features: ['avx2', 'avx512_vnni'] }] };
  const stateOn = (features: readonly string[] | null, manifest: object): string =>
    judgeFeatures({ model: 'A CPU', features: features && new Set(features) }, versionOf(manifest)).state;

  it('are read from the first processor', () => {
    expect(parseFeatures('processor : 0\nflags\t\t: fpu avx2 amx_int8\n\nflags : none\n')).toEqual(
      new Set(['fpu', 'avx2', 'amx_int8']),
    );
    expect(parseFeatures('Features\t: fp asimddp i8mm\n')?.has('i8mm')).toBe(true);
    expect(parseFeatures('nothing')).toBeNull();
  });

  it('decide about the kernels, the fastest first', () => {
    expect(int8Kernels(new Set(['avx2', 'avx512_vnni', 'amx_int8']))).toBe('AMX');
    expect(int8Kernels(new Set(['avx2', 'avx_vnni']))).toBe('AVX-VNNI');
    expect(int8Kernels(new Set(['avx2', 'avx512f']))).toBe('AVX-512 without VNNI');
    expect(int8Kernels(new Set(['sse2']))).toBeNull();
  });

  it('do not matter to fp32', () => {
    expect(stateOn(['avx2'], { precision: 'fp32' })).toBe('ok');
  });

  it('that saturate are a warning for 8-bit weights, and a note for 7-bit ones', () => {
    expect(stateOn(['avx2'], int8)).toBe('warn');
    expect(stateOn(['avx2', 'avx512bw'], { ...int8, source: { weight_bits: 8 } })).toBe('warn');
    expect(stateOn(['avx2'], { ...int8, source: { weight_bits: 7 } })).toBe('note');
    expect(stateOn(['avx2', 'avx512_vnni'], int8)).toBe('ok');
  });

  it('on which the version was never checked are a note, and so are unknown ones', () => {
    expect(stateOn(['avx2', 'amx_int8'], int8)).toBe('note');
    expect(stateOn(['avx2', 'amx_int8'], { precision: 'int8' })).toBe('note');
    expect(stateOn(null, int8)).toBe('note');
  });
});

describe('the runtime', () => {
  const FACTS: RuntimeFacts = {
    node: '20.19.0',
    engines: '>=20.19.0',
    platform: 'linux',
    glibc: '2.36',
    openFiles: 4096,
    nowMs: 2,
    installedMs: 1,
  };
  const states = (facts: Partial<RuntimeFacts>): string =>
    judgeRuntime({ ...FACTS, ...facts })
      .map(({ state }) => state)
      .join(' ');

  it.each([
    [{}, 'ok ok ok ok'],
    [{ node: '22.1.0' }, 'ok ok ok ok'],
    [{ node: '20.9.0' }, 'fail ok ok ok'],
    [{ glibc: null }, 'ok fail ok ok'],
    [{ glibc: null, platform: 'darwin' }, 'ok ok ok ok'],
    [{ openFiles: 1024 }, 'ok ok warn ok'],
    [{ openFiles: 256 }, 'ok ok fail ok'],
    [{ openFiles: null }, 'ok ok ok ok'],
    [{ nowMs: 0 }, 'ok ok ok warn'],
  ])('%j: %s', (facts, expected) => {
    expect(states(facts)).toBe(expected);
  });

  it('is read from this process', () => {
    expect(runtimeFacts()).toMatchObject({ node: process.versions.node, platform: process.platform });
  });
});

describe('memory', () => {
  const version = versionOf({ files: { 'model.onnx': { bytes: 100e6 }, 'tokenizer.json': { bytes: 0 } } });
  const settings = { workers: 2, spareWorkers: 1 };

  it('must hold every version in every process', () => {
    const judge = (availableBytes: number, isServing = false): string =>
      judgeMemory([version, version], settings, { availableBytes, isServing }).state;
    expect(judge(1800e6)).toBe('ok');
    expect(judge(1799e6)).toBe('fail');
    expect(judge(1e6, true)).toBe('ok');
    expect(judge(Infinity)).toBe('note');
  });
});

describe('Redis', () => {
  const HEALTHY = {
    version: '7.2.4',
    maxMemoryBytes: 1e9,
    policy: 'volatile-lru',
    appendOnly: true,
    aheadMs: 20,
    refusal: null,
  };
  const states = (facts: object): string[] => judgeRedis({ ...HEALTHY, ...facts }).map(({ state }) => state);

  it.each([
    [{}, ['ok']],
    [{ policy: 'allkeys-lru' }, ['ok', 'fail']],
    [{ policy: 'allkeys-lru', maxMemoryBytes: 0 }, ['ok', 'note', 'note']],
    [{ policy: 'noeviction' }, ['ok']],
    [{ appendOnly: false }, ['ok', 'warn']],
    [{ aheadMs: -3000 }, ['ok', 'warn']],
    [{ refusal: { kind: 'full', state: 'is full', advice: 'raise it' } }, ['ok', 'fail']],
    [{ version: '5.0.7' }, ['fail']],
  ])('%j: %j', (facts, expected) => {
    expect(states(facts)).toEqual(expected);
  });

  it('says it in INFO', () => {
    const fields = parseInfo(
      '# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\nmaxmemory:0\r\nurl:a:b\r\n',
    );
    expect(Object.fromEntries(fields)).toEqual({ redis_version: '7.0.15', maxmemory: '0', url: 'a:b' });
  });
});

describe('the report', () => {
  it('says what to do under what was found, and counts', () => {
    const findings = [
      ok('node', 'fine'),
      note('a', 'look'),
      warn('b', 'hm', 'think'),
      fail('longer', 'no', 'mend'),
    ];
    expect(renderFindings(findings)).toBe(
      [
        'ok    node    fine',
        'note  a       look',
        'WARN  b       hm',
        '              → think',
        'FAIL  longer  no',
        '              → mend',
        '',
        '4 findings: 1 must be mended; 1 warning, 1 note',
        '',
      ].join('\n'),
    );
    expect(mustBeMended(findings)).toBe(true);
    expect(mustBeMended(findings.slice(0, 3))).toBe(false);
  });
});

describe('a check', () => {
  it('that takes too long is a warning, and is told to end', async () => {
    let isTold = false;
    const findings = await runCheck('slow', 10, async (signal) => {
      signal.addEventListener('abort', () => (isTold = true));
      return new Promise(() => undefined);
    });
    expect(findings).toMatchObject([{ check: 'slow', state: 'warn' }]);
    expect(isTold).toBe(true);
  });

  it('that throws is a failure of its own, and nothing else', async () => {
    const findings = await runCheck('odd', 1000, () => Promise.reject(new Error('boom')));
    expect(findings).toMatchObject([{ check: 'odd', state: 'fail', found: 'the check itself failed: boom' }]);
  });
});

describe('a proxy', () => {
  const client = { name: 'one', sha256: 'a'.repeat(64), rights: [], weight: 1 };
  const NONE = { trustProxy: null, clients: [], rateLimitPerS: null };

  it.each<[string, Parameters<typeof judgeProxy>[0], boolean, string, RegExp]>([
    ['nothing is configured', NONE, false, 'ok', /by the addresses of their connections/],
    ['a rate counts by address', { ...NONE, rateLimitPerS: 5 }, false, 'note', /by the addresses/],
    ['it is trusted', { ...NONE, trustProxy: 'loopback', rateLimitPerS: 5 }, false, 'ok', /is loopback/],
    ['callers have keys', { ...NONE, clients: [client], rateLimitPerS: 5 }, false, 'ok', /by their keys/],
    ['one was seen', NONE, true, 'warn', /neither TRUST_PROXY nor clients: .* one client$/],
    ['one was seen before it was trusted', { ...NONE, trustProxy: 1 }, true, 'warn', /one client$/],
  ])('is judged when %s', (_, settings, isSeen, state, found) => {
    const finding = judgeProxy(settings, isSeen);
    expect(finding.state).toBe(state);
    expect(finding.found).toMatch(found);
  });

  it('that was seen is mended by a setting, or by a restart with a setting that is there already', () => {
    expect(judgeProxy(NONE, true).todo).toMatch(/^set TRUST_PROXY .* or list clients/);
    expect(judgeProxy({ ...NONE, trustProxy: 1 }, true).todo).toMatch(/^restart it/);
  });
});

it('fits in 80 columns, and is painted by what must be mended', () => {
  const sentence = 'a sentence that goes on and on, '.repeat(5);
  const findings = [
    ok('node', 'fine'),
    warn('open files', sentence, sentence),
    fail('acceptance', sentence, 'mend'),
  ];
  const painted = renderFindings(findings, NARROW);
  const text = expectFits(painted);
  expect(text).toMatch(/^WARN {2}open files {2}a sentence .*\n {18}\S/m);
  expect(text).toMatch(/^ {18}→ a sentence .*\n {20}\S/m);
  expect(painted).toContain('\u001b[31mFAIL');
});
