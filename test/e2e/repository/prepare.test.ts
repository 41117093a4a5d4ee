import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ROOT, readText } from '../../support/repository.js';
import { runCommand, type Finished } from '../../support/run-command.js';

/**
 * A clone with one source file. npm would need a registry: in its place stands a script that counts its runs and
 * puts the real compiler where npm would.
 */
let clone: string;

const at = (...parts: string[]): string => join(clone, ...parts);
const write = (path: string, content: string): void => {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), content);
};
const installs = (): number => (existsSync(at('installs')) ? readFileSync(at('installs'), 'utf8').length : 0);
const builtAt = (): number => statSync(at('dist/cli/main.js')).mtimeMs;

const LOCK_FILE = { packages: { '': {}, 'node_modules/typescript': { version: '1.0.0', dev: true } } };
const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    rootDir: 'src',
    lib: ['es2023'],
    skipLibCheck: true,
    types: [],
  },
  include: ['src'],
};
const NPM = `#!/bin/sh
printf x >> installs
echo $$ > npm-pid.new && mv npm-pid.new npm-pid
while [ -e hold ]; do sleep 0.02; done
echo noise of npm
mkdir -p node_modules
ln -sfn '${ROOT}node_modules/typescript' node_modules/typescript
cp package-lock.json node_modules/.package-lock.json
`;

const serin = (onStderr?: (stderr: string) => void): Promise<Finished> =>
  runCommand(process.execPath, [at('bin/serin.mjs'), 'hello'], {
    cwd: tmpdir(),
    env: { PATH: `${at('tools')}:${process.env.PATH ?? ''}` },
    ...(onStderr && { onStderr }),
  });

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'serin-clone-'));
  cpSync(join(ROOT, 'bin'), at('bin'), { recursive: true });
  write('tools/npm', NPM);
  chmodSync(at('tools/npm'), 0o755);
  write('package.json', '{"type": "module"}');
  write('package-lock.json', JSON.stringify(LOCK_FILE));
  write('tsconfig.json', '{}');
  write('tsconfig.build.json', JSON.stringify(TSCONFIG));
  write('src/globals.d.ts', 'declare const console: { log(text: string): void };');
  write('src/cli/main.ts', "console.log('it runs');\n");
});

afterEach(() => {
  rmSync(clone, { recursive: true });
});

describe('the first start', () => {
  it('installs, builds and runs, with nothing of that on stdout', async () => {
    const { code, stdout, stderr } = await serin();
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'it runs\n' });
    expect(stderr).toMatch(/installing packages.*noise of npm.*building/s);
    expect(installs()).toBe(1);
  });

  it('runs the command in the process that was started, so that signals and stdin reach it', async () => {
    write(
      'src/globals.d.ts',
      'declare const console: { log(text: string): void }; declare const process: any;',
    );
    write('src/cli/main.ts', "console.log([process.ppid, ...process.argv.slice(2)].join(' '));");
    expect((await serin()).stdout).toBe(`${String(process.pid)} hello\n`);
  });

  it('marks when the service begins: behind the install and the build', async () => {
    write('src/globals.d.ts', 'declare const console: any; declare const performance: any;');
    write(
      'src/cli/main.ts',
      "const [mark] = performance.getEntriesByName('serin prepared');\n" +
        'console.log(performance.timeOrigin + mark.startTime);\n',
    );
    const preparedAt = Number((await serin()).stdout);
    expect(preparedAt).toBeGreaterThan(statSync(at('dist/build-stamp')).mtimeMs);
    expect(preparedAt).toBeLessThan(Date.now());
  });

  it('ends with 3 when it is interrupted, and leaves neither the install nor a lock behind', async () => {
    write('hold', '');
    const child = spawn(process.execPath, [at('bin/serin.mjs'), 'hello'], {
      env: { PATH: `${at('tools')}:${process.env.PATH ?? ''}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const npm = await vi.waitUntil(() => existsSync(at('npm-pid')) && readFileSync(at('npm-pid'), 'utf8'));
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([3, null]);
    expect(said).toMatch(/serin: installing packages \(npm ci\) was interrupted by SIGTERM after .* s\n$/);
    expect(() => process.kill(Number(npm), 0)).toThrow('ESRCH');
    expect(existsSync(at('.prepare.lock'))).toBe(false);
  });

  it('is done by one of two that come at once', async () => {
    // The install lasts until the other start has said that it waits for it.
    write('hold', '');
    const release = (stderr: string): void => {
      if (stderr.includes('another start is installing')) rmSync(at('hold'), { force: true });
    };
    const both = await Promise.all([serin(release), serin(release)]);
    expect(both.map(({ stdout }) => stdout)).toEqual(['it runs\n', 'it runs\n']);
    expect(installs()).toBe(1);
    expect(existsSync(at('.prepare.lock'))).toBe(false);
  });

  it('takes over the lock of a process that is gone', async () => {
    // The largest process id that Linux gives is 2^22.
    write('.prepare.lock', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    expect(await serin()).toMatchObject({ code: 0, stdout: 'it runs\n' });
  });
});

describe('a later start', () => {
  beforeEach(async () => {
    await serin();
  });

  it('neither installs nor builds, and says nothing', async () => {
    const before = builtAt();
    expect(await serin()).toEqual({ code: 0, stdout: 'it runs\n', stderr: '' });
    expect(installs()).toBe(1);
    expect(builtAt()).toBe(before);
  });

  it('builds when a source changed, and when one is gone', async () => {
    write('src/cli/main.ts', "console.log('it runs anew');\n");
    write('src/extra.ts', '');
    expect((await serin()).stdout).toBe('it runs anew\n');
    expect(existsSync(at('dist/extra.js'))).toBe(true);
    rmSync(at('src/extra.ts'));
    await serin();
    expect(existsSync(at('dist/extra.js'))).toBe(false);
    expect(installs()).toBe(1);
  });

  it('does not build again because a checkout touched the files', async () => {
    write('src/cli/main.ts', readFileSync(at('src/cli/main.ts'), 'utf8'));
    expect((await serin()).stderr).toBe('');
  });

  it('installs when the lock file wants another version', async () => {
    const packages = { ...LOCK_FILE.packages, 'node_modules/typescript': { version: '2.0.0', dev: true } };
    write('package-lock.json', JSON.stringify({ packages }));
    await serin();
    expect(installs()).toBe(2);
  });

  it('says what fails, and keeps the last build', async () => {
    const before = builtAt();
    write('src/cli/main.ts', 'nonsense(;\n');
    const { code, stdout, stderr } = await serin();
    expect({ code, stdout }).toEqual({ code: 70, stdout: '' });
    expect(stderr).toMatch(/src\/cli\/main\.ts.*serin: building failed/s);
    expect(builtAt()).toBe(before);
  });

  it('runs what is there where there are no sources', async () => {
    for (const path of ['src', 'node_modules', 'package-lock.json']) rmSync(at(path), { recursive: true });
    expect(await serin()).toEqual({ code: 0, stdout: 'it runs\n', stderr: '' });
    rmSync(at('dist'), { recursive: true });
    const { code, stderr } = await serin();
    expect(code).toBe(70);
    expect(stderr).toMatch(/^serin: this package has no dist\/, .* npm run pack/);
  });

  it('runs a package that has nothing of what makes a checkout ready', async () => {
    for (const path of ['src', 'package-lock.json']) rmSync(at(path), { recursive: true });
    for (const file of readdirSync(at('bin'))) {
      if (!['serin.mjs', 'refusal.mjs'].includes(file)) rmSync(at('bin', file));
    }
    expect(await serin()).toEqual({ code: 0, stdout: 'it runs\n', stderr: '' });
  });
});

describe('a checkout whose packages another package manager has put in place', () => {
  const put = (manager: string, version: string): void => {
    write(`node_modules/${manager === 'pnpm' ? '.modules.yaml' : '.yarn-state.yml'}`, '');
    write('node_modules/some/package.json', JSON.stringify({ version }));
    symlinkSync(`${ROOT}node_modules/typescript`, at('node_modules/typescript'));
    const { version: compiler } = JSON.parse(readText('node_modules/typescript/package.json')) as {
      version: string;
    };
    const wanted = { dependencies: { some: '1.2.3' }, devDependencies: { typescript: compiler } };
    write('package.json', JSON.stringify({ type: 'module', ...wanted }));
  };

  it.each(['pnpm', 'yarn'])('%s is built and run, and npm removes nothing of it', async (manager) => {
    put(manager, '1.2.3');
    const { code, stdout, stderr } = await serin();
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'it runs\n' });
    expect(stderr).not.toContain('installing');
    expect(installs()).toBe(0);
  });

  it.each(['pnpm', 'yarn'])('%s is asked for what is missing', async (manager) => {
    put(manager, '1.2.2');
    rmSync(at('node_modules/typescript'));
    const { code, stderr } = await serin();
    expect(code).toBe(70);
    expect(stderr).toMatch(
      new RegExp(
        `^serin: node_modules/ was made by ${manager} and lacks some 1.2.3, typescript .*: run ${manager} install`,
      ),
    );
    expect(installs()).toBe(0);
  });

  it("is refused in a sentence when Yarn's Plug'n'Play has put them in place", async () => {
    write('.pnp.cjs', '');
    const { code, stdout, stderr } = await serin();
    expect({ code, stdout }).toEqual({ code: 70, stdout: '' });
    expect(stderr).toMatch(/^serin: Yarn's Plug'n'Play is not supported: write nodeLinker: node-modules /);
    expect(installs()).toBe(0);
  });
});

it('a failing install is said in a sentence', async () => {
  write('tools/npm', '#!/bin/sh\nexit 7\n');
  const { code, stderr } = await serin();
  expect(code).toBe(70);
  expect(stderr).toMatch(/serin: installing packages \(npm ci\) failed after .* s \(exit code 7\)/);
  expect(existsSync(at('.prepare.lock'))).toBe(false);
});
