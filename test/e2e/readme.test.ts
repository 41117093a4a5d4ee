import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT, readText } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';
import { Service } from './harness.js';

/** A command, and the answer that the README prints below it. */
const EXAMPLE = /```sh\n(curl [^`]*)```\n\n```json\n([^`]*)```/g;
/** A command, and what it prints. */
const PRINTED = /```sh\n([^`]*)```\n\n```text\n([^`]*)```/g;
const ADDRESS = 'http://127.0.0.1:3000';
const SCORE_TOLERANCE = 1e-3;

/** Differs from run to run; what the README shows for it stays, if it is of the same kind. */
const VOLATILE = ['latency_ms', 'request_id', 'checked_at'];

/** The actual answer, with the documented value wherever both mean the same. */
function settled(actual: unknown, documented: unknown, key = ''): unknown {
  if (Array.isArray(actual)) {
    return actual.map((item, i) => settled(item, Array.isArray(documented) ? documented[i] : undefined, key));
  }
  if (typeof actual === 'object' && actual !== null) {
    const known = (typeof documented === 'object' && documented !== null ? documented : {}) as Record<
      string,
      unknown
    >;
    return Object.fromEntries(
      Object.entries(actual).map(([name, value]) => [name, settled(value, known[name], name)]),
    );
  }
  if (typeof actual !== typeof documented) return actual;
  if (VOLATILE.includes(key)) return documented;
  const isScore = key === 'score' || key === 'max_score_difference';
  return isScore && Math.abs(Number(actual) - Number(documented)) < SCORE_TOLERANCE ? documented : actual;
}

let service: Service;

beforeAll(async () => {
  service = await Service.start();
});

afterAll(async () => {
  await service.stop();
});

it('each example of the README gives the answer that stands below it', async ({ skip }) => {
  const curl = await runCommand('bash', ['-c', 'command -v curl'], { cwd: ROOT });
  skip(curl.code !== 0, 'curl is not installed');
  const readme = readText('README.md');
  const examples = [...readme.matchAll(EXAMPLE)];
  expect(examples).toHaveLength(readme.split('```json').length - 1);
  let checked = readme;
  for (const [block, command = '', documented = ''] of examples) {
    const { stdout } = await runCommand('bash', ['-c', command.replace(ADDRESS, service.url)], { cwd: ROOT });
    const answer = settled(JSON.parse(stdout), JSON.parse(documented));
    const printed = await format(JSON.stringify(answer), { parser: 'json', printWidth: 110 });
    checked = checked.replace(block, () => `\`\`\`sh\n${command}\`\`\`\n\n\`\`\`json\n${printed}\`\`\``);
  }
  await expect(checked).toMatchFileSnapshot(`${ROOT}README.md`);
});

/** Figures of a machine and of a moment. */
const masked = (line: string): string =>
  line.replace(/[\d,.]+ (texts\/s|tokens\/s|s|ms)\b/g, 'N $1').trimEnd();

/** The example in TypeScript as JavaScript: Node.js 20 does not take the types off by itself. */
function withoutTypes(folder: string): string {
  const source = readFileSync(`${ROOT}examples/predict.ts`, 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const file = join(folder, 'predict.mjs');
  writeFileSync(file, outputText);
  return file;
}

it('each other command of the README prints what stands below it', { timeout: 120_000 }, async ({ skip }) => {
  const python = await runCommand('bash', ['-c', 'command -v python3'], { cwd: ROOT });
  skip(python.code !== 0, 'python3 is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'serin-readme-'));
  symlinkSync(`${ROOT}examples`, join(folder, 'examples'));
  try {
    const pairs = [...readText('README.md').matchAll(PRINTED)];
    expect(pairs.length).toBeGreaterThanOrEqual(3);
    for (const [, command = '', documented = ''] of pairs) {
      const runnable = command
        .replace('npx serin', `"${process.execPath}" "${ROOT}bin/serin.mjs"`)
        .replace('node examples/predict.ts', `"${process.execPath}" "${withoutTypes(folder)}"`);
      const { stdout, stderr } = await runCommand('bash', ['-c', runnable], {
        cwd: folder,
        env: { SERIN_URL: service.url },
      });
      const printed = `${stdout}${stderr}`.split('\n').map(masked);
      for (const line of documented.trimEnd().split('\n')) expect(printed).toContain(masked(line));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
