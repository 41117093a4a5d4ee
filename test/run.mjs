// `npm test`: installs and builds what is missing, then lint, formatting, types, import directions and every test; near
// its end it names the ten files that took longest.
// `npm test -- <filter>` runs the test files whose path contains the filter, and nothing else; `-u` beside it
// writes what they compare files with (the generated parts of the documentation) anew.
// The last line reads `N passed, N failed`, and `, N skipped` where something was.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PrepareError, prepare } from '../bin/prepare.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const bin = (name, file) => fileURLToPath(new URL(`../node_modules/${name}/${file}`, import.meta.url));

const STATIC_CHECKS = [
  ['lint', bin('eslint', 'bin/eslint.js'), '.', '--max-warnings=0'],
  ['formatting', bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level=warn', '.'],
  ['types', bin('typescript', 'bin/tsc'), '-p', 'tsconfig.json'],
  ['import directions', bin('dependency-cruiser', 'bin/dependency-cruise.mjs'), 'src', 'bench'],
];

const say = (sentence) => process.stdout.write(`${sentence}\n`);

/** Runs one check to its end; its output is shown when it fails. */
function check([title, script, ...args]) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      say(`${code === 0 ? 'passed' : 'FAILED'}  ${title} (${seconds} s)`);
      if (code !== 0) say(output.trimEnd());
      resolve(code === 0);
    });
  });
}

/**
 * Runs the projects of vitest.config.ts whose names are given, and counts what they ran; a file that could not be loaded
 * and an error outside any test are failures too.
 */
async function runVitest(project, filters, update) {
  const { startVitest } = await import('vitest/node');
  const options = { watch: false, root: ROOT, update, project, passWithNoTests: true };
  const vitest = await startVitest('test', filters, options);
  const counts = { passed: 0, failed: vitest.state.getUnhandledErrors().length, skipped: [], files: [] };
  for (const module of vitest.state.getTestModules()) {
    const failedBefore = counts.failed;
    const { duration, collectDuration, prepareDuration, environmentSetupDuration, setupDuration } =
      module.diagnostic();
    counts.files.push({
      file: module.relativeModuleId,
      ms: duration + collectDuration + prepareDuration + environmentSetupDuration + setupDuration,
    });
    for (const test of module.children.allTests()) {
      const { state, note } = test.result();
      if (state === 'passed') counts.passed++;
      else if (state === 'failed') counts.failed++;
      else counts.skipped.push(`${test.fullName}${note ? `: ${note}` : ''} (${module.relativeModuleId})`);
    }
    if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed++;
  }
  await vitest.close();
  return counts;
}

const staticChecks = async () => {
  const results = await Promise.all(STATIC_CHECKS.map(check));
  return {
    passed: results.filter(Boolean).length,
    failed: results.filter((ok) => !ok).length,
    skipped: [],
    files: [],
  };
};

/** What measures nothing runs beside the static checks; what starts processes has the machine to itself. */
async function* parts(filters, update) {
  const isWhole = filters.length === 0;
  yield* await Promise.all([
    runVitest(['unit', 'slice'], filters, update),
    ...(isWhole ? [staticChecks()] : []),
  ]);
  yield runVitest(['e2e'], filters, update);
}

function saySlowest(files) {
  if (files.length < 2) return;
  say('\nslowest files:');
  const slowest = files.sort((a, b) => b.ms - a.ms).slice(0, 10);
  for (const { file, ms } of slowest) say(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}`);
}

const args = process.argv.slice(2);
const filters = args.filter((arg) => arg !== '-u');
let [passed, failed] = [0, 0];
let skipped = [];
const files = [];

try {
  await prepare({ development: true });
  for await (const counts of parts(filters, args.includes('-u'))) {
    passed += counts.passed;
    failed += counts.failed;
    skipped.push(...counts.skipped);
    files.push(...counts.files);
  }
  // Nothing ran: a mistyped filter must not look like success.
  if (passed + failed + skipped.length === 0) failed++;
} catch (error) {
  say(error instanceof PrepareError ? `FAILED  ${error.message}` : String(error?.stack ?? error));
  failed++;
}

saySlowest(files);
if (skipped.length > 0) {
  const areFailures = process.env.CI === 'true';
  say(`\nSKIPPED ${skipped.length} tests${areFailures ? ', which are failures because CI=true' : ''}:`);
  for (const name of skipped) say(`  ${name}`);
  if (areFailures) {
    failed += skipped.length;
    skipped = [];
  }
}
if (failed > 0) process.exitCode = 1;
// On its own line, whatever was written before it, and the last thing written.
process.on('exit', () => {
  const rest = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  process.stdout.write(`\n${passed} passed, ${failed} failed${rest}\n`);
});
