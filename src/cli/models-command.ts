import type { Command } from 'commander';
import { loadConfig } from '../config/load-config.js';
import type { ModelsOptions } from './models.js';
import { addSettingFlags } from './setting-flags.js';

/**
 * `serin models`: what lies in the registry, and whether it is what its manifests say. The reader of manifests is
 * loaded late: the other commands start in half the time without it.
 */
export function addModelsCommand(program: Command): void {
  const models = program.command('models').description('look into the registry');

  const list = models
    .command('list')
    .description('list every model and version')
    .option('--json', 'as one JSON document');
  const listFlags = addSettingFlags(list, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  list.action(async (options: ModelsOptions) => {
    const { listModels } = await import('./models.js');
    listModels(loadConfig({ flags: listFlags() }), options);
  });

  const verify = models
    .command('verify')
    .description('compare every file with its digest; exit code 1 when one differs')
    .argument('[names...]', 'model or model/version; all when left out')
    .option('--json', 'as one JSON document');
  const verifyFlags = addSettingFlags(verify, ['MODEL_REGISTRY', 'SERIN_CONFIG']);
  verify.action(async (names: string[], options: ModelsOptions) => {
    const { verifyModels } = await import('./models.js');
    await verifyModels(loadConfig({ flags: verifyFlags() }), names, options);
  });
}
