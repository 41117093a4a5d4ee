import { ConfigError } from './base/config/config-error.js';
import { loadConfig } from './base/config/load-config.js';
import type { SerinConfig } from './base/config/serin-config.js';

function configOrExit(): SerinConfig {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`serin: ${error.message}\n`);
    process.exit(2);
  }
}

const config = configOrExit();
// Imported late, so that a wrong setting is reported before Nest and the model runtime are read from disk.
const { runService } = await import('./serve.js');
await runService(config);
