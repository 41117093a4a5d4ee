import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './repository.js';

/** A tree of small files beside the repository's import rules, which are run over it. */
export class ImportTree {
  private readonly folder = mkdtempSync(join(tmpdir(), 'serin-imports-'));

  constructor() {
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
      cpSync(join(ROOT, file), join(this.folder, file));
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** `<rule> <file>` of each violation that dependency-cruiser finds. */
  async violations(): Promise<string[]> {
    const script = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [script, 'src', 'bench', '--output-type', 'json'];
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { cwd: this.folder }, (_, stdout) => {
        resolve(stdout);
      });
    });
    const { summary } = JSON.parse(output) as {
      summary: { violations: { from: string; rule: { name: string } }[] };
    };
    return summary.violations.map(({ from, rule }) => `${rule.name} ${from}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Names of all import rules of the repository. */
export async function importRules(): Promise<string[]> {
  const { forbidden } = (await import(join(ROOT, '.dependency-cruiser.cjs'))) as {
    forbidden: { name: string }[];
  };
  return forbidden.map(({ name }) => name);
}
