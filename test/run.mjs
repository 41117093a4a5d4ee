// `npm test`: installs and builds what is missing, then lint, formatting, types, import directions and every test.
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

/** Counts what Vitest ran; a file that could not be loaded and an error outside any test are failures too. */
async function runVitest(filters, update) {
  const { startVitest } = await import('vitest/node');
  const vitest = await startVitest('test', filters, { watch: false, root: ROOT, update });
  const counts = { passed: 0, failed: vitest.state.getUnhandledErrors().length, skipped: [] };
  for (const module of vitest.state.getTestModules()) {
    const failedBefore = counts.failed;
    for (const test of module.children.allTests()) {
      const { state, note } = test.result();
      if (state === 'passed') counts.passed++;
      else if (state === 'failed') counts.failed++;
      else counts.skipped.push(`${test.fullName}${note ? `: ${note}` : ''} (${module.relativeModuleId})`);
    }
    if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed++;
  }
  // Nothing ran: a mistyped filter must not look like success.
  if (counts.passed + counts.failed + counts.skipped.length === 0) counts.failed++;
  await vitest.close();
  return counts;
}

const args = process.argv.slice(2);
const filters = args.filter((arg) => arg !== '-u');
let [passed, failed, skipped] = [0, 0, []];

try {
  await prepare({ development: true });
  if (filters.length === 0) {
    const results = await Promise.all(STATIC_CHECKS.map(check));
    passed += results.filter(Boolean).length;
    failed += results.filter((ok) => !ok).length;
  }
  const counts = await runVitest(filters, args.includes('-u'));
  passed += counts.passed;
  failed += counts.failed;
  skipped = counts.skipped;
} catch (error) {
  say(error instanceof PrepareError ? `FAILED  ${error.message}` : String(error?.stack ?? error));
  failed++;
}

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
