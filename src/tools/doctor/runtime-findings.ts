import { readFileSync, statSync } from 'node:fs';
import { OPEN_FILES_WANTED, openFilesLimit, openFilesProblem } from '../../base/machine/open-files.js';
import { fail, ok, warn, type Finding } from './finding.js';

export interface RuntimeFacts {
  /** e.g. 20.20.0 */
  readonly node: string;
  /** `engines.node` of package.json: `>=` and a version. */
  readonly engines: string;
  readonly platform: string;
  /** Version of glibc; null for another libc. */
  readonly glibc: string | null;
  /** Limit of open files; null where there is none or it is unknown. */
  readonly openFiles: number | null;
  readonly nowMs: number;
  /** When the newest file of the installation was written. */
  readonly installedMs: number;
}

const atLeast = (version: string, least: string): boolean => {
  const [a, b] = [version, least].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
};

export function judgeRuntime(facts: RuntimeFacts): Finding[] {
  return [judgeNode(facts), judgeLibc(facts), judgeOpenFiles(facts), judgeClock(facts)];
}

function judgeNode({ node, engines }: RuntimeFacts): Finding {
  const least = engines.replace(/^>=\s*/, '');
  if (atLeast(node, least)) return ok('node', `Node ${node}; ${engines} is wanted`);
  return fail('node', `Node ${node}, but ${engines} is wanted`, `install Node ${least} or later`);
}

function judgeLibc({ platform, glibc }: RuntimeFacts): Finding {
  if (platform !== 'linux') return ok('libc', `${platform}: ONNX Runtime brings a build for it`);
  if (glibc !== null) return ok('libc', `glibc ${glibc}`);
  return fail(
    'libc',
    'this is not glibc (Alpine has musl): ONNX Runtime has no build for it',
    'use an image with glibc, such as node:20-slim',
  );
}

function judgeOpenFiles({ openFiles }: RuntimeFacts): Finding {
  if (openFiles === null) return ok('open files', 'no limit that is known');
  if (openFiles >= OPEN_FILES_WANTED) return ok('open files', `${openFiles} allowed`);
  const todo = `raise the hard limit (ulimit -Hn, LimitNOFILE=) to ${OPEN_FILES_WANTED} or more`;
  if (openFilesProblem(openFiles) !== null)
    return fail('open files', `${openFiles} allowed: the service does not start`, todo);
  return warn('open files', `${openFiles} allowed: more connections than that are refused`, todo);
}

function judgeClock({ nowMs, installedMs }: RuntimeFacts): Finding {
  const now = new Date(nowMs).toISOString().slice(0, 19);
  if (nowMs >= installedMs) return ok('clock', `${now}Z`);
  const todo = 'set the clock (chrony, systemd-timesyncd): holds and times of rollouts are counted by it';
  return warn('clock', `${now}Z lies before the files of this installation were written`, todo);
}

/** Facts of this process and its machine. */
export function runtimeFacts(): RuntimeFacts {
  const packageFile = new URL('../../../package.json', import.meta.url);
  const { engines } = JSON.parse(readFileSync(packageFile, 'utf8')) as { engines: { node: string } };
  const { glibcVersionRuntime: glibc = null } = (
    process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  ).header;
  return {
    node: process.versions.node,
    engines: engines.node,
    platform: process.platform,
    glibc,
    openFiles: openFilesLimit(),
    nowMs: Date.now(),
    installedMs: statSync(new URL(import.meta.url)).mtimeMs,
  };
}
