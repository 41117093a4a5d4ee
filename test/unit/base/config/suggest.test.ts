import { expect, it } from 'vitest';
import { didYouMean, editDistance, nearest } from '../../../../src/base/config/suggest.js';

it('counts inserts, deletes, replacements and swaps of neighbours', () => {
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('port', 'port')).toBe(0);
  expect(editDistance('prot', 'port')).toBe(1);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});

it('suggests the nearest name, and none that is far off', () => {
  const known = ['port', 'host', 'max_texts', 'request_timeout_ms'];
  expect(nearest('request_timout', known)).toBe('request_timeout_ms');
  expect(nearest('HOST', known)).toBe('host');
  expect(nearest('colour', known)).toBeNull();
  expect(didYouMean('prot', known)).toBe(' Did you mean "port"?');
  expect(didYouMean('colour', known)).toBe('');
});
