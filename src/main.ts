import { ConfigError } from './base/config/config-error.js';
import { loadConfig } from './base/config/load-config.js';
import { openFilesLimit, openFilesProblem } from './base/machine/open-files.js';
import type { SerinConfig } from './base/config/serin-config.js';
import { keepIgnoringHangup } from './base/stop-signals.js';

function configOrExit(): SerinConfig {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`serin: ${error.message}\n`);
    process.exit(2);
  }
}

keepIgnoringHangup();
const config = configOrExit();
const problem = openFilesProblem(openFilesLimit());
if (problem !== null) {
  process.stderr.write(`serin: ${problem}\n`);
  process.exit(2);
}
// Imported late, so that a wrong setting or a low limit is reported before Nest and the model runtime are read from disk.
const { runService } = await import('./serve.js');
await runService(config);
