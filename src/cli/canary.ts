import { setTimeout as delay } from 'node:timers/promises';
import { screenOf, type Screen } from '../base/terminal/screen.js';
import { StartError } from '../base/errors/start-error.js';
import { moveLine } from '../rollout/report/move-line.js';
import type { RolloutView } from '../rollout/rollout-types.js';
import { renderFlipsOf, renderStatus, statusLine } from '../tools/rollout/render-status.js';
import { Refused } from '../tools/rollout/refused.js';
import { rollBackAndDrain, renderRollback } from '../tools/rollout/roll-back.js';
import type { Change, MoveRoute, RolloutClient } from '../tools/rollout/rollout-client.js';
import { type AdminFlags, rolloutClient } from './admin-access.js';
import { EXIT_CODES } from './exit-codes.js';
import { interruptionSignal } from './service-flags.js';
import { jsonDocument, printResult, say } from './output.js';

/** As commander has checked them. */
export interface CanaryFlags extends AdminFlags {
  readonly json?: true;
  readonly flips?: true;
  readonly watch?: true;
  readonly every: number;
  readonly percent: number;
  readonly version?: string;
  readonly force?: true;
  readonly reason?: string;
  readonly revision?: number;
}

const CLEAR_SCREEN = '\u001b[H\u001b[J';

const changeOf = ({ reason, revision }: CanaryFlags): Change => ({ reason, revision });

/** Ends the command in order: a refusal has exit code 1, an interruption 3. */
async function inOrder(
  flags: CanaryFlags,
  work: (client: RolloutClient, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = interruptionSignal();
  try {
    await work(rolloutClient(flags, signal), signal);
  } catch (error) {
    if (signal.aborted) {
      process.exitCode = EXIT_CODES.interrupted;
    } else if (error instanceof Refused) {
      say(`refused: ${error.message} (${error.code})`);
      process.exitCode = EXIT_CODES.refused;
    } else throw error;
  }
}

/** `serin canary status`. @throws StartError */
export function showStatus(model: string | undefined, flags: CanaryFlags): Promise<void> {
  return inOrder(flags, async (client, signal) => {
    const views = async (): Promise<readonly RolloutView[]> =>
      model === undefined ? client.list() : [await client.view(model)];
    if (flags.watch) return watch(views, flags, signal);
    const found = await views();
    process.stdout.write(
      flags.json
        ? jsonDocument(model === undefined ? found : found[0])
        : shown(found, flags, screenOf(process.stdout)),
    );
  });
}

function shown(views: readonly RolloutView[], { flips }: CanaryFlags, screen: Screen): string {
  if (views.length === 0) return 'The service has no rollout.\n';
  return views
    .map((view) => `${renderStatus(view, screen)}${flips ? renderFlipsOf(view, screen) : ''}`)
    .join('\n');
}

/**
 * Waits for a service that restarts, but not after a wrong token. Ends when the reader of its output is gone.
 */
async function watch(
  views: () => Promise<readonly RolloutView[]>,
  flags: CanaryFlags,
  signal: AbortSignal,
): Promise<void> {
  const { json: asJson, every } = flags;
  const unread = new AbortController();
  process.stdout.once('error', (error) => {
    unread.abort(error);
  });
  const end = AbortSignal.any([signal, unread.signal]);
  let hasSeen = false;
  while (!end.aborted) {
    let text: string;
    try {
      const found = await views();
      hasSeen = true;
      const at = new Date().toISOString();
      if (asJson) text = found.map((view) => `${JSON.stringify({ at, ...view })}\n`).join('');
      else if (process.stdout.isTTY)
        text = `${CLEAR_SCREEN}${at}\n\n${shown(found, flags, screenOf(process.stdout))}`;
      else text = found.map((view) => `${at}  ${statusLine(view)}\n`).join('');
    } catch (error) {
      if (!hasSeen || !(error instanceof StartError)) throw error;
      say(error.message);
      text = '';
    }
    process.stdout.write(text);
    await delay(every * 1000, undefined, { signal: end }).catch(() => undefined);
  }
  const { reason } = unread.signal as { readonly reason?: NodeJS.ErrnoException };
  if (reason !== undefined && reason.code !== 'EPIPE') throw reason;
}

/** `serin canary set`. @throws StartError */
export function setShare(model: string | undefined, flags: CanaryFlags): Promise<void> {
  return change(model, flags, (client, name) => {
    const { percent, version, force } = flags;
    return client.set(name, { percent, version, force, ...changeOf(flags) });
  });
}

/** `serin canary promote`, `clear`, `pause` and `resume`. @throws StartError */
export function move(route: MoveRoute, model: string | undefined, flags: CanaryFlags): Promise<void> {
  return change(model, flags, (client, name) => client.act(name, route, changeOf(flags)));
}

function change(
  model: string | undefined,
  flags: CanaryFlags,
  call: (client: RolloutClient, model: string) => Promise<RolloutView>,
): Promise<void> {
  return inOrder(flags, async (client) => {
    const name = await client.modelNamed(model);
    const view = await call(client, name).catch((error: unknown) => withNews(client, name, flags, error));
    printResult(view, flags, renderStatus);
  });
}

/** `serin canary rollback`. @throws StartError */
export function rollBack(model: string | undefined, flags: CanaryFlags): Promise<void> {
  return inOrder(flags, async (client) => {
    const name = await client.modelNamed(model);
    const result = await rollBackAndDrain(client, name, changeOf(flags)).catch((error: unknown) =>
      withNews(client, name, flags, error),
    );
    printResult(result, flags, renderRollback);
    if (result.left > 0) process.exitCode = EXIT_CODES.refused;
  });
}

/** For an outdated revision, adds the moves made since then to the message. */
async function withNews(
  client: RolloutClient,
  model: string,
  { revision }: CanaryFlags,
  error: unknown,
): Promise<never> {
  if (!(error instanceof Refused) || error.code !== 'CONFLICT' || revision === undefined) throw error;
  const { history } = await client.view(model);
  const news = history.filter((entry) => entry.revision > revision).map((entry) => `\n  ${moveLine(entry)}`);
  throw new Refused(
    error.code,
    news.length === 0 ? error.message : `${error.message} Since then:${news.join('')}`,
  );
}
