// `npm run build`: the build that every command makes when it is needed.
import { PrepareError, prepare } from './prepare.mjs';

try {
  await prepare({ development: true });
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`serin: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
