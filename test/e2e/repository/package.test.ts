import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, readText, sourceFiles } from '../../support/repository.js';
import { runCommand, type Finished } from '../../support/run-command.js';
import { ServiceUnderTest } from '../../support/service-under-test.js';
import { Service } from '../harness.js';

interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version: string;
        readonly integrity?: string;
        readonly dev?: true;
        readonly devOptional?: true;
      }
    >
  >;
}

/** What leads npm to its registry, without the settings that `npm test` has given to this process. */
const NPM_ENV = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || (/^npm_/i.test(name) && !/^npm_config_(registry|cafile)$/i.test(name))
      ? []
      : [[name, value]],
  ),
);
const INSTALL_LIMIT_MS = 300_000;

let folder: string;
let tarball: string;

const inTarball = async (path: string): Promise<string> =>
  (await runCommand('tar', ['-xzOf', tarball, `package/${path}`], { cwd: folder })).stdout;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'serin-package-'));
  const { code, stdout, stderr } = await runCommand(process.execPath, [join(ROOT, 'bin/pack.mjs'), folder], {
    cwd: folder,
    env: NPM_ENV,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  tarball = stdout.trimEnd();
}, INSTALL_LIMIT_MS);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the package', () => {
  it('holds the build, the models, the configuration and the documentation, and nothing else', async () => {
    const { stdout } = await runCommand('tar', ['-tzf', tarball], { cwd: folder });
    const files = stdout
      .trimEnd()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''));
    const below = (part: string): string[] => files.filter((path) => path.startsWith(`${part}/`)).sort();
    const sources = sourceFiles('src').filter((path) => path.endsWith('.ts'));
    const built = sources.map((path) => path.replace(/^src/, 'dist').replace(/ts$/, 'js'));
    expect(below('dist')).toEqual([...built, 'dist/build-stamp'].sort());
    expect(below('docs')).toEqual(sourceFiles('docs').sort());
    const rest = files.filter((path) => !/^(dist|docs)\//.test(path));
    await expect(`${rest.sort().join('\n')}\n`).toMatchFileSnapshot('packed-files.txt');
  });

  it('names the versions that this repository is tested with, and no registry', async () => {
    const shrinkwrap = await inTarball('npm-shrinkwrap.json');
    expect(shrinkwrap).not.toMatch(/"resolved"|"dev"|devDependencies/);
    const { packages } = JSON.parse(shrinkwrap) as LockFile;
    const locked = Object.entries((JSON.parse(readText('package-lock.json')) as LockFile).packages);
    const named = Object.entries(packages).filter(([path]) => path !== '');
    expect(named).toEqual(
      locked.filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional),
    );
    expect(named.length).toBeGreaterThan(100);
  });

  it('has no build when npm pack alone makes it, so that it never has an old one', async () => {
    const { stdout } = await runCommand('npm', ['pack', '--dry-run', '--json'], { cwd: ROOT, env: NPM_ENV });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const top = new Set(files.map(({ path }) => path.split('/')[0]));
    expect([...top].sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'bin',
        'docs',
        'examples',
        'model-registry',
        'package.json',
        'serin.config.yaml',
      ].sort(),
    );
  });

  it('has no script that an installation could run', async () => {
    const own = JSON.parse(await inTarball('package.json')) as object;
    expect(own).toMatchObject({ name: 'serin', private: true });
    expect(own).not.toHaveProperty('scripts');
    expect(own).not.toHaveProperty('devDependencies');
  });
});

describe('the installed package', () => {
  let unreachable = false;
  let empty: string;

  const serin = (...args: string[]): Promise<Finished> =>
    runCommand(join(folder, 'installed/node_modules/.bin/serin'), args, { cwd: empty });
  const contents = (): string[] =>
    readdirSync(join(folder, 'installed/node_modules/serin'), { recursive: true, encoding: 'utf8' }).sort();

  beforeAll(async () => {
    empty = join(folder, 'empty');
    mkdirSync(empty);
    const prefix = join(folder, 'installed');
    mkdirSync(prefix);
    const flags = ['--prefix', prefix, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
    const { code, stderr } = await runCommand('npm', ['install', ...flags, tarball], {
      cwd: prefix,
      env: NPM_ENV,
    });
    unreachable = /\b(ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT)\b/.test(stderr);
    if (!unreachable) expect(code, stderr).toBe(0);
  }, INSTALL_LIMIT_MS);

  it('runs its commands in an empty folder, with its own models, and builds nothing', async ({ skip }) => {
    skip(unreachable, 'the registry of packages cannot be reached');
    const before = contents();
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    expect(await serin('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const listed = await serin('models', 'list');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toMatch(/^sentiment +v1 +stable .*\nsentiment +v2 +canary /m);
    const examined = await serin('doctor', '--port', '0');
    expect(examined.stdout).toMatch(/nothing must be mended/);
    expect(examined.code).toBe(0);
    expect(contents()).toEqual(before);
    expect(readdirSync(empty)).toEqual([]);
  });

  it('answers as the checkout does, from files and by HTTP', async ({ skip }) => {
    skip(unreachable, 'the registry of packages cannot be reached');
    const texts = [
      'A gripping, beautifully shot film.',
      'Two hours I will not get back.',
      'naïve ’80s déjà vu',
    ];
    writeFileSync(join(empty, 'in.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    expect(await serin('batch', 'in.jsonl', 'installed.jsonl')).toMatchObject({ code: 0 });
    const checkout = [join(ROOT, 'bin/serin.mjs'), 'batch', 'in.jsonl', 'checkout.jsonl'];
    expect(await runCommand(process.execPath, checkout, { cwd: empty })).toMatchObject({ code: 0 });
    const written = (name: string): string => readFileSync(join(empty, name), 'utf8');
    expect(written('installed.jsonl')).toBe(written('checkout.jsonl'));

    const [installed, own] = [new InstalledService(folder, empty), await Service.start()];
    try {
      await installed.ready();
      for (const version of ['v1', 'v2']) {
        const answers = await Promise.all(
          [installed, own].map((service) => answerOf(service, { text: texts[0], version, top_k: 2 })),
        );
        expect(answers[0]).toMatchObject({ label: 'POSITIVE', model_version: version });
        expect(answers[0]).toEqual(answers[1]);
      }
    } finally {
      await Promise.all([installed.stop(), own.stop()]);
    }
  });
});

/** `serin serve` of the installed package, in a folder that has neither models nor a configuration. */
class InstalledService extends ServiceUnderTest {
  private readonly child: ChildProcess;

  constructor(folder: string, cwd: string) {
    super();
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, PORT: '0', SHUTDOWN_DELAY_MS: '0', WORKERS: '1', SPARE_WORKERS: '0' };
    const command = join(folder, 'installed/node_modules/.bin/serin');
    this.child = spawn(command, ['serve'], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
    const { stdout } = this.child;
    if (stdout === null) throw new Error('no pipe');
    createInterface(stdout).on('line', (line) => {
      this.receive(line);
    });
    this.child.on('exit', () => {
      this.logEnded('see above');
    });
  }

  async ready(): Promise<void> {
    const { url } = await this.line(({ msg }) => msg === 'listening');
    this.url = String(url);
    await this.line(({ msg }) => msg === 'ready');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

/** The answer to a prediction, without what differs from request to request. */
async function answerOf(service: ServiceUnderTest, body: object): Promise<object> {
  const answer = (await (await service.post('/predict', body)).json()) as object;
  return { ...answer, latency_ms: null, request_id: null };
}
