// `npm run bench`: makes the tree ready when it is not, compiles the bench beside itself and runs it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PrepareError, prepare } from '../bin/prepare.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

try {
  await prepare({ development: true });
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`serin: ${error.message}\n`);
  process.exit(70);
}
const compiler = at('../node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', at('tsconfig.json')], {
  stdio: ['ignore', 2, 2],
});
if (status !== 0) {
  process.stderr.write('bench: it does not compile; what the compiler said stands above\n');
  process.exit(70);
}
await import('./dist/bench/main.js');
