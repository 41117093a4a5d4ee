import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireRedis } from './cache/redis-process.js';
import { runCache, runChurn } from './cache/run.js';
import { measureChaos } from './chaos/measure.js';
import { readRunSettings } from './corpus/version-files.js';
import { versionFolder } from './corpus/version-folder.js';
import { runFiles, runMemory } from './files/run.js';
import { requireWrk } from './load/wrk.js';
import { runOpenLoop } from './open-loop/run.js';
import { InputError, UsageError } from './base/input-error.js';
import { USAGE, readOptions, type BenchOptions } from './options.js';
import { REPORT_FILE } from './base/paths.js';
import { FULL, QUICK, VERSIONS } from './base/plan.js';
import { say } from './base/progress.js';
import { requirePython } from './quantize/python.js';
import { runQuantize } from './quantize/run.js';
import { readMachine } from './report/machine.js';
import { toMarkdown, type BenchReport } from './service-report.js';
import { withServicePart } from './report/report-file.js';
import { chaosTargets, speedTargets } from './speed/targets.js';
import { runRollout } from './rollout/run.js';
import { measureSpeed } from './speed/measure.js';

/** As every command of Serin: 0 done, 1 requests failed, 2 unusable input, 3 interrupted, 70 ours. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 3, fault: 70 } as const;

async function requirements(options: BenchOptions): Promise<void> {
  const { speed, files, memoryLines, cache, churnTexts, quantize, openLoop } = options;
  if (process.platform !== 'linux') throw new InputError('the bench reads /proc: it runs on Linux only');
  for (const version of VERSIONS) readRunSettings(versionFolder(version));
  if (cache !== null) requireRedis();
  if (quantize !== null) requirePython(quantize.python);
  const withoutLoad = files ?? memoryLines ?? churnTexts ?? quantize ?? openLoop;
  if (speed && withoutLoad === null) await requireWrk();
}

async function measure(
  { quick, speed, chaos, entry }: BenchOptions,
  workFolder: string,
): Promise<BenchReport> {
  const plan = quick ? QUICK : FULL;
  const machine = readMachine();
  const speedReport = speed ? await measureSpeed(plan, entry, workFolder) : null;
  const chaosReport = chaos ? await measureChaos(plan, entry, workFolder) : null;
  const targets = [
    ...(speedReport === null ? [] : speedTargets(speedReport)),
    ...(chaosReport === null ? [] : chaosTargets(chaosReport)),
  ];
  return { machine, speed: speedReport, chaos: chaosReport, targets };
}

/** A request that failed is a failure of the run; a speed that was not reached is a figure. */
function requestsFailed({ speed, chaos }: BenchReport): boolean {
  const consistent = speed === null || (speed.failed === 0 && speed.consistency.wrongLabels === 0);
  return !consistent || (chaos !== null && chaosTargets(chaos).some(({ reached }) => !reached));
}

async function run(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(USAGE);
    return EXIT.done;
  }
  await requirements(options);
  const workFolder = mkdtempSync(join(tmpdir(), 'serin-bench-'));
  process.once('exit', () => {
    rmSync(workFolder, { recursive: true, force: true });
  });
  const filesOptions = { ...options, write: !options.quick };
  if (options.memoryLines !== null) await runMemory(options.memoryLines, filesOptions, workFolder);
  if (options.files !== null) {
    return (await runFiles(options.files, filesOptions, workFolder)) ? EXIT.done : EXIT.failed;
  }
  if (options.memoryLines !== null) return EXIT.done;
  if (options.cache !== null) {
    return (await runCache(options.cache, filesOptions, workFolder)) ? EXIT.done : EXIT.failed;
  }
  if (options.churnTexts !== null) {
    return (await runChurn(options.churnTexts, filesOptions, workFolder)) ? EXIT.done : EXIT.failed;
  }
  if (options.rollout !== null) {
    const right = await runRollout({ ...options, plan: options.rollout, write: !options.quick }, workFolder);
    return right ? EXIT.done : EXIT.failed;
  }
  if (options.quantize !== null) {
    return (await runQuantize(options.quantize, filesOptions, workFolder)) ? EXIT.done : EXIT.failed;
  }
  if (options.openLoop !== null) {
    const right = await runOpenLoop({ ...options, plan: options.openLoop, write: !options.quick });
    return right ? EXIT.done : EXIT.failed;
  }
  const report = await measure(options, workFolder);
  const markdown = toMarkdown(report);
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : markdown);
  if (options.speed && !options.quick) {
    const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
    writeFileSync(REPORT_FILE, withServicePart(before, markdown));
    say('docs/benchmarks.md is written');
  }
  return requestsFailed(report) ? EXIT.failed : EXIT.done;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => process.exit(EXIT.interrupted));
try {
  process.exitCode = await run();
} catch (error) {
  const isInput = error instanceof InputError;
  say(isInput ? error.message : ((error as Error).stack ?? String(error)));
  if (error instanceof UsageError) process.stderr.write(USAGE);
  process.exitCode = isInput ? EXIT.usage : EXIT.fault;
}
