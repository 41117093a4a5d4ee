import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PARITY_SCRIPT } from '../../../../src/tools/import/parity-script.js';
import { ROOT } from '../../../support/repository.js';

it('the script that --python-parity runs is the one that docs/models.md shows', () => {
  const shown = /```python\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs/models.md'), 'utf8'))?.[1];
  expect(shown).toBe(PARITY_SCRIPT);
});
