import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './repository.js';
import type { Settings } from './service-under-test.js';

/** The settings of a service whose configuration file lists these clients, each in YAML; the file is removed at the end. */
export function withClients(...clients: readonly string[]): Settings {
  const folder = mkdtempSync(join(tmpdir(), 'serin-clients-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, 'clients.yaml');
  writeFileSync(file, ['clients:', ...clients.map((client) => `  - ${client}`), ''].join('\n'));
  return { SERIN_CONFIG: file, MODEL_REGISTRY: join(ROOT, 'model-registry') };
}
