import { createServer } from 'node:net';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { fail, note, ok, type Finding } from './finding.js';

const ASK_TIMEOUT_MS = 2_000;

/** `isServing`: a Serin listens there. */
export interface PortResult {
  readonly finding: Finding;
  readonly isServing: boolean;
}

/** The error code of listening there for a moment; null when it went well. */
function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen({ host, port, exclusive: true }, () =>
      server.close(() => {
        resolve(null);
      }),
    );
  });
}

/**
 * The answer of the program at this port to GET.
 * @throws when none answers in time
 */
export function askLocally(
  { host, port }: Pick<SerinConfig, 'host' | 'port'>,
  path: string,
): Promise<Response> {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const authority = reachable.includes(':') ? `[${reachable}]` : reachable;
  const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
  return fetch(`http://${authority}:${port}${path}`, { signal, redirect: 'error' });
}

/** Health and stable version of the Serin at this port; null if another program listens, or none answers. */
async function askSerin(host: string, port: number): Promise<string | null> {
  try {
    const response = await askLocally({ host, port }, '/health');
    const health = (await response.json()) as Readonly<Record<string, unknown>>;
    const { status, model_name: model, model_version: version } = health;
    if (typeof model !== 'string' || typeof status !== 'string') return null;
    return `${status}, ${model}/${typeof version === 'string' ? version : 'none'} is stable`;
  } catch {
    return null;
  }
}

/** Checks whether the service could listen on the configured address. */
export async function checkPort({ host, port }: Pick<SerinConfig, 'host' | 'port'>): Promise<PortResult> {
  const at = `${host}, port ${port}`;
  const done = (finding: Finding, isServing = false): PortResult => ({ finding, isServing });
  const code = await tryListen(host, port);
  if (code === null) return done(ok('port', `${at}: free`));
  if (code === 'EADDRINUSE') {
    const serin = await askSerin(host, port);
    if (serin === null) {
      return done(fail('port', `${at}: something else listens there`, 'stop it, or set PORT to a free one'));
    }
    const found = `${at}: a Serin serves there already (${serin})`;
    return done(note('port', found, 'a second one needs a PORT of its own'), true);
  }
  const todo =
    code === 'EACCES' ? 'set PORT to one above 1023' : 'set HOST to an address that this machine has';
  return done(fail('port', `${at} cannot be listened on (${code})`, todo));
}
