import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandsOf } from '../support/documented-commands.js';
import { ROOT } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';
import { Service } from './harness.js';

const TOKEN = 'let-me-in';
const LONG_TIMEOUT_MS = 120_000;

interface DocumentedRun {
  readonly page: string;
  readonly command: RegExp;
  readonly code: number;
  /** What it leaves in the folder. */
  readonly files?: readonly string[];
}

/** Commands as they stand on a page, in their order. */
const RUNS: readonly DocumentedRun[] = [
  // One of the reviews is blank.
  {
    ...{ page: 'docs/files.md', command: /^batch examples\/reviews\.jsonl /, code: 1 },
    files: ['scored.jsonl', 'scored.jsonl.errors'],
  },
  { page: 'docs/files.md', command: /^batch examples\/reviews\.csv /, code: 0, files: ['scored.csv'] },
  {
    page: 'docs/evaluate.md',
    command: /^evaluate sentiment\/v2 --against v1 --data examples\/[a-z.]+$/,
    code: 0,
  },
  { page: 'docs/drift.md', command: /^drift examples\/traffic\.jsonl --url/, code: 0 },
  { page: 'docs/models.md', command: /^models golden-texts/, code: 0, files: ['texts.jsonl'] },
  { page: 'docs/models.md', command: /^models list/, code: 0 },
  { page: 'docs/runbook.md', command: /^canary status {5}/, code: 0 },
  { page: 'docs/runbook.md', command: /^canary set --percent 5$/, code: 0 },
  { page: 'docs/runbook.md', command: /^canary status --flips$/, code: 0 },
  { page: 'docs/runbook.md', command: /^canary pause /, code: 0 },
  { page: 'docs/runbook.md', command: /^canary rollback --reason/, code: 0 },
  { page: 'docs/runbook.md', command: /^canary clear$/, code: 0 },
];

let service: Service;
let folder: string;

beforeAll(async () => {
  service = await Service.start({ ADMIN_TOKEN: TOKEN });
  folder = mkdtempSync(join(tmpdir(), 'serin-documented-'));
  symlinkSync(`${ROOT}examples`, join(folder, 'examples'));
});

afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

it.each(RUNS)(
  '$page: $command runs as it stands there',
  { timeout: LONG_TIMEOUT_MS },
  async ({ page, command, code, files = [] }) => {
    const found = commandsOf(page).find(({ text }) => command.test(text));
    expect(found).toBeDefined();
    // What explains a command beside it begins with three blanks.
    const typed = (found?.text ?? '').replace(/ {3,}.*$/, '').replace('http://127.0.0.1:3000', service.url);
    const line = `"${process.execPath}" "${ROOT}bin/serin.mjs" ${typed}`;
    const ended = await runCommand('bash', ['-c', line], {
      cwd: folder,
      env: { SERIN_URL: service.url, ADMIN_TOKEN: TOKEN },
    });
    expect(ended.code, ended.stderr).toBe(code);
    for (const file of files) expect(existsSync(join(folder, file))).toBe(true);
  },
);
