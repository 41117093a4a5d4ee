import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { serviceUrlOf } from '../../../src/base/config/service-url.js';
import { addUrlFlag } from '../../../src/cli/service-flags.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The address that the action of a command finds. */
async function urlOf(args: readonly string[]): Promise<unknown> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  let found: unknown;
  addUrlFlag(program.command('ask')).action(({ url }: { readonly url: string }) => {
    found = url;
  });
  await program.parseAsync(['ask', ...args], { from: 'user' });
  return found;
}

describe('the service that a command talks to', () => {
  it('is the one of the flag, else of SERIN_URL, else the one that serin serve starts', async () => {
    vi.stubEnv('SERIN_URL', '');
    expect(await urlOf([])).toBe('http://127.0.0.1:3000');
    vi.stubEnv('SERIN_URL', ' https://serin.internal ');
    expect(await urlOf([])).toBe('https://serin.internal');
    expect(await urlOf(['--url', 'http://10.0.0.7:3000'])).toBe('http://10.0.0.7:3000');
  });

  it('is not guessed when the variable is wrong, unless the flag names one', async () => {
    vi.stubEnv('SERIN_URL', 'serin.internal:3000');
    await expect(urlOf([])).rejects.toThrow(
      'SERIN_URL is "serin.internal:3000": allowed is the address of a service, such as http://127.0.0.1:3000.',
    );
    expect(await urlOf(['--url', 'http://10.0.0.7:3000'])).toBe('http://10.0.0.7:3000');
    await expect(urlOf(['--url', ''])).rejects.toThrow(/must be an address/);
  });

  it.each(['ftp://h', 'localhost', '/path'])('is not %s', (value) => {
    expect(() => serviceUrlOf({ SERIN_URL: value })).toThrow(/^SERIN_URL is /);
  });
});
