import { describe, expect, it } from 'vitest';
import { Announcements, readyWords } from '../../../../src/service/observability/announcements.js';

const URLS = {
  url: 'http://127.0.0.1:3000',
  adminUrl: undefined,
  docsUrl: 'http://127.0.0.1:3000/docs',
};
const V1 = { model: 'sentiment', version: 'v1', state: 'ready', role: 'stable' };
const V2 = { model: 'sentiment', version: 'v2', state: 'failed', role: 'canary' };

/** What is logged and written for a stdout that is a terminal, or is not. */
function announce(isTTY: boolean, isLevelEnabled = true): unknown[] {
  const said: unknown[] = [];
  const logger = {
    info: (fields: object, msg: string) => void said.push({ ...fields, msg }),
    isLevelEnabled: () => isLevelEnabled,
  };
  const stdout = { isTTY, write: (words: string) => said.push(words) > 0 };
  const announcements = new Announcements(logger as never, stdout);
  announcements.listening(URLS);
  announcements.ready(URLS, 1_340, [V1]);
  return said;
}

describe('the start of the service is told', () => {
  it('on a terminal in words, with the address when an answer can come', () => {
    expect(announce(true)).toEqual([
      'serin: loading the models ...\n',
      'serin: ready after 1.3 s: http://127.0.0.1:3000\n       try it in a browser: http://127.0.0.1:3000/docs\n',
    ]);
  });

  it('elsewhere in the log', () => {
    expect(announce(false)).toEqual([
      { msg: 'listening', url: URLS.url, admin_url: undefined, pid: process.pid },
      { msg: 'ready', url: URLS.url, docs_url: URLS.docsUrl, start_ms: 1_340, versions: [V1] },
    ]);
  });

  it('not on a terminal when LOG_LEVEL leaves it out', () => {
    expect(announce(true, false)).toEqual([]);
  });

  it('with an address that a browser opens, without documentation that is closed, and with what failed', () => {
    const urls = { url: 'http://0.0.0.0:80', adminUrl: undefined, docsUrl: undefined };
    expect(readyWords(urls, 90, [V1, V2])).toBe(
      'serin: ready after 0.1 s: http://localhost:80\n       sentiment/v2 failed; GET /models/sentiment says why\n',
    );
    expect(readyWords({ ...urls, url: 'http://[::]:80' }, 90, [])).toContain('http://localhost:80');
  });
});
