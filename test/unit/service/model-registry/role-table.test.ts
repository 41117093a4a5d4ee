import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/base/config/load-config.js';
import { RoleTable, type ModelRoles } from '../../../../src/service/model-registry/role-table.js';
import { ROOT } from '../../../support/repository.js';

const table = (): RoleTable => new RoleTable(loadConfig({ cwd: ROOT, env: {} }));

describe('RoleTable', () => {
  it('begins as the file says', () => {
    expect(table().models()).toEqual(['sentiment']);
    expect(table().of('sentiment')).toEqual({ stable: 'v1', canary: 'v2', lastGood: null, share: 0, shadow: false });
  });

  it('says of a model without roles that it has none', () => {
    const roles = table();
    expect([roles.of('constructor'), roles.stable('nobody')]).toEqual([undefined, undefined]);
    expect([roles.canary('nobody'), roles.lastGood('nobody'), roles.share('nobody')]).toEqual([null, null, 0]);
  });

  it('tells who listens what has changed, until they stop', () => {
    const roles = table();
    const heard: (ModelRoles | undefined)[] = [];
    const stop = roles.onChange((_, now, before) => heard.push(now, before));
    const promoted = { stable: 'v2', canary: null, lastGood: 'v1', share: 0, shadow: false };
    roles.set('sentiment', promoted);
    expect(heard).toEqual([promoted, { stable: 'v1', canary: 'v2', lastGood: null, share: 0, shadow: false }]);
    expect([roles.stable('sentiment'), roles.lastGood('sentiment'), roles.share('sentiment')]).toEqual(['v2', 'v1', 0]);
    stop();
    roles.set('sentiment', { ...promoted, lastGood: null });
    expect(heard).toHaveLength(2);
  });
});
