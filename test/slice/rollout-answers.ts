import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { pause, rollBack } from '../../src/rollout/rollout-machine.js';
import type { RolloutDocument, RolloutPhase } from '../../src/rollout/rollout-types.js';
import { writeSealed } from '../../src/base/files/sealed-file.js';
import { takeLock, type OutputLock } from '../../src/base/files/output-lock.js';
import { begun, by, done } from '../unit/rollout/documents.js';
import { SliceApp } from '../support/slice-app.js';
import { folder } from '../support/rollout-client.js';
import { ADMIN_TOKEN } from './version-answers.js';

interface Services {
  readonly normal: SliceApp;
  /** Has no admin token. */
  readonly faulty: SliceApp;
}

type Provoke = (services: Services) => Promise<Response>;
type Body = Readonly<Record<string, unknown>>;

const PATH = '/admin/canary/sentiment';
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };

const ask = (
  service: SliceApp,
  path = PATH,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => service.fetch(path, { headers: { ...ADMIN, ...headers } });

/** Sends a change; PUT when no move is named. */
function send(
  service: SliceApp,
  move: string | null,
  body: Body | string = {},
  headers: Readonly<Record<string, string>> = {},
  model = 'sentiment',
): Promise<Response> {
  const share = move === null && typeof body !== 'string' ? { percent: 50, ...body } : body;
  return service.fetch(`/admin/canary/${model}${move === null ? '' : `/${move}`}`, {
    method: move === null ? 'PUT' : 'POST',
    headers: { ...ADMIN, 'content-type': 'application/json', ...headers },
    body: typeof share === 'string' ? share : JSON.stringify(share),
  });
}

/** Whatever was done before: v1 is stable, v2 its canary at 0 %. */
async function reset(service: SliceApp): Promise<void> {
  await send(service, 'rollback');
  await send(service, 'clear');
}

/** A state folder that this process holds the lock of: a service that is given it follows, and cannot write. */
class HeldFolder {
  private readonly stateDir = folder();
  private readonly lock: OutputLock;
  private service: Promise<SliceApp> | undefined;

  constructor() {
    mkdirSync(join(this.stateDir, 'rollout'));
    this.lock = takeLock(join(this.stateDir, 'rollout/.lock'));
  }

  /** The service, once it has followed this state. */
  async following(document: RolloutDocument): Promise<SliceApp> {
    await writeSealed(join(this.stateDir, 'rollout/sentiment.json'), document);
    this.service ??= SliceApp.start({ ADMIN_TOKEN, STATE_DIR: this.stateDir });
    const service = await this.service;
    const phaseOf = async (): Promise<RolloutPhase> =>
      ((await (await ask(service)).json()) as { phase: RolloutPhase }).phase;
    await vi.waitUntil(async () => (await phaseOf()) === document.phase, { timeout: 20_000, interval: 50 });
    return service;
  }

  async close(): Promise<void> {
    await (await this.service)?.stop();
    this.lock.release();
  }
}

let held: HeldFolder | undefined;

/** Ends what the answers of a state that cannot be written needed. */
export const closeHeldFolder = (): Promise<void> => held?.close() ?? Promise.resolve();

const inHeldFolder = async (move: string | null, document: RolloutDocument): Promise<Response> => {
  held ??= new HeldFolder();
  return send(await held.following(document), move);
};

/** @param before brings the rollout where the move is possible. */
const change = (
  move: string | null,
  before: readonly (string | null)[],
  state: RolloutDocument,
): Record<string, Provoke> => ({
  200: async ({ normal }) => {
    await reset(normal);
    for (const step of before) await send(normal, step);
    const response = await send(normal, move);
    await reset(normal);
    return response;
  },
  400: ({ normal }) => send(normal, move, { reason: 5 }),
  401: ({ normal }) => send(normal, move, {}, { authorization: 'Bearer wrong' }),
  404: ({ normal }) => send(normal, move, {}, {}, 'nobody'),
  405: ({ normal }) =>
    normal.fetch(`${PATH}${move === null ? '' : `/${move}`}`, { method: 'DELETE', headers: ADMIN }),
  409: ({ normal }) => send(normal, move, { revision: 1_000_000 }),
  413: ({ normal }) => send(normal, move, { reason: 'a'.repeat(1_100_000) }),
  415: ({ normal }) => send(normal, move, 'text', { 'content-type': 'text/plain' }),
  503: () => inHeldFolder(move, state),
});

const look = (path: string): Record<string, Provoke> => ({
  200: ({ normal }) => ask(normal, path),
  400: ({ normal }) => ask(normal, path, { 'x-deadline-ms': 'soon' }),
  401: ({ normal }) => ask(normal, path, { authorization: 'Bearer wrong' }),
  404: ({ faulty }) => ask(faulty, path),
  405: ({ normal }) => normal.fetch(path, { method: 'DELETE', headers: ADMIN }),
});

// Who follows takes nothing older than what it has.
const running = begun();
const rolledBack = done(rollBack(running, by('admin')));
const runningAgain = { ...running, revision: 3 };
const paused = done(pause(runningAgain, by('admin')));

/** What provokes each documented answer of /admin/canary. */
export const ROLLOUT_ANSWERS: Readonly<Record<string, Readonly<Record<string, Provoke>>>> = {
  listRollouts: look('/admin/canary'),
  getRollout: look(PATH),
  setShare: change(null, [], running),
  promoteCanary: change('promote', [null], running),
  rollBackCanary: change('rollback', [null], running),
  clearRollout: change('clear', [null, 'rollback'], rolledBack),
  pauseRollout: change('pause', [null], runningAgain),
  resumeRollout: change('resume', [null, 'pause'], paused),
};
