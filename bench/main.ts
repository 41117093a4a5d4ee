import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepIgnoringHangup, STOP_SIGNALS } from '../src/base/stop-signals.js';
import { InputError, UsageError } from './base/input-error.js';
import { VERSIONS } from './base/plan.js';
import { say } from './base/progress.js';
import { requireRedis } from './cache/redis-process.js';
import { runCache, runChurn } from './cache/run.js';
import { readRunSettings, versionFolder } from './corpus/version-files.js';
import { runFiles, runMemory } from './files/run.js';
import { requireWrk } from './load/wrk.js';
import { runOpenLoop } from './open-loop/run.js';
import { USAGE, readOptions, type BenchOptions } from './options.js';
import { runOverload } from './overload/run.js';
import { requirePython } from './quantize/python.js';
import { runQuantize } from './quantize/run.js';
import { runRollout } from './rollout/run.js';
import { runService } from './service-report.js';

/** As every command of Serin: 0 done, 1 requests failed, 2 unusable input, 3 interrupted, 70 ours. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 3, fault: 70 } as const;

function requirements(options: BenchOptions): void {
  const { speed, files, memoryLines, cache, churnTexts, quantize, openLoop } = options;
  if (process.platform !== 'linux') throw new InputError('the bench reads /proc: it runs on Linux only');
  for (const version of VERSIONS) readRunSettings(versionFolder(version));
  if (cache !== null) requireRedis();
  if (quantize !== null) requirePython(quantize.python);
  const withoutLoad = files ?? memoryLines ?? churnTexts ?? quantize ?? openLoop;
  if (speed && withoutLoad === null) requireWrk();
}

/** @returns false when what must hold on any machine does not hold */
async function runParts(options: BenchOptions, workFolder: string): Promise<boolean> {
  const { quick, entry, json, files, memoryLines, cache, churnTexts, rollout, quantize, openLoop, overload } =
    options;
  const runOptions = { entry, json, write: !quick, workFolder };
  if (memoryLines !== null) await runMemory(memoryLines, runOptions);
  if (files !== null) return runFiles(files, runOptions);
  if (memoryLines !== null) return true;
  if (cache !== null) return runCache(cache, runOptions);
  if (churnTexts !== null) return runChurn(churnTexts, runOptions);
  if (rollout !== null) return runRollout(rollout, runOptions);
  if (quantize !== null) return runQuantize(quantize, runOptions);
  if (openLoop !== null) return runOpenLoop(openLoop, runOptions);
  if (overload !== null) return runOverload(overload, runOptions);
  return runService(options, runOptions);
}

async function run(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(USAGE);
    return EXIT.done;
  }
  requirements(options);
  const workFolder = mkdtempSync(join(tmpdir(), 'serin-bench-'));
  process.once('exit', () => {
    rmSync(workFolder, { recursive: true, force: true });
  });
  return (await runParts(options, workFolder)) ? EXIT.done : EXIT.failed;
}

keepIgnoringHangup();
for (const signal of STOP_SIGNALS) process.once(signal, () => process.exit(EXIT.interrupted));
try {
  process.exitCode = await run();
} catch (error) {
  const isInput = error instanceof InputError;
  say(isInput ? error.message : ((error as Error).stack ?? String(error)));
  if (error instanceof UsageError) process.stderr.write(USAGE);
  process.exitCode = isInput ? EXIT.usage : EXIT.fault;
}
