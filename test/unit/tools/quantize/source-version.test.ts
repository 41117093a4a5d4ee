import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/base/config/load-config.js';
import { chooseSource } from '../../../../src/tools/quantize/source-version.js';
import { ROOT } from '../../../support/repository.js';

const config = loadConfig({ env: { STATE_DIR: join(tmpdir(), 'serin-no-state') }, cwd: ROOT });

describe('the name of a quantised version', () => {
  it('that is taken brings no offer of --force where --force is refused too', async () => {
    for (const force of [false, true]) {
      await expect(chooseSource(config, 'sentiment/v1', 'v2', force)).rejects.toThrow(
        'sentiment/v2 is not replaced: the configuration names it as canary. Move the rollout and the configuration to another version first, or choose another name.',
      );
    }
  });

  it('that is taken and not in use says what may be done', async () => {
    const unused = { ...config, rollout: {} };
    await expect(chooseSource(unused, 'sentiment/v1', 'v2', false)).rejects.toThrow(
      'sentiment/v2 is there already: name another with --to, or replace it with --force.',
    );
  });
});
