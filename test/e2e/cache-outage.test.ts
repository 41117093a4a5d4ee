import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, holding, inferences, leaver, metric, waitFor } from '../support/cache-harness.js';
import { Service } from './harness.js';

const runsScript = (pid: number): boolean =>
  readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('worker/entry.js');

describe('while no worker answers', () => {
  let service: Service;
  let stopped: number;
  beforeAll(async () => {
    service = await Service.start({
      ...{ MAX_TEXTS: '2', QUEUE_LIMIT: '4', WORKER_WATCHDOG_MS: '60000' },
      ...{ REQUEST_TIMEOUT_MS: '30000', SHUTDOWN_DELAY_MS: '2000' },
    });
    await ask(service, 'known');
  });
  afterAll(() => service.stop());

  const stopWorker = (): void => {
    stopped = service.workerPids()[0] ?? 0;
    process.kill(stopped, 'SIGSTOP');
  };
  const goOn = (): void => {
    process.kill(stopped, 'SIGCONT');
  };

  it('a full queue refuses what is new and answers what is known', async () => {
    stopWorker();
    const waiting = ['a', 'b', 'c', 'd'].map((text) => ask(service, text));
    await holding(service, 4);
    expect(await ask(service, 'new')).toMatchObject({ code: 'OVERLOADED' });
    expect(await ask(service, 'known')).toMatchObject({ status: 200, cache_hit: true });
    const joined = ask(service, 'a');
    goOn();
    expect((await Promise.all([...waiting, joined])).map(({ status }) => status)).toEqual(
      new Array(5).fill(200),
    );
  });

  it('a batch of known texts is answered too, and one with a new text is refused as a whole', async () => {
    stopWorker();
    const waiting = ['e', 'f', 'g', 'h'].map((text) => ask(service, text));
    await holding(service, 4);
    const send = async (...texts: string[]): Promise<number> =>
      (await service.post('/predict_batch', { texts })).status;
    expect(await send('known', 'a')).toBe(200);
    expect(await send('known', 'new')).toBe(429);
    goOn();
    await Promise.all(waiting);
  });

  it('a leader that leaves does not take the others with it', async () => {
    stopWorker();
    const leader = leaver(service, 'led by one who leaves', 'leader');
    await holding(service, 1);
    const followers = [1, 2].map(() => ask(service, 'led by one who leaves'));
    leader.leave();
    expect(await service.requestLine('leader')).toMatchObject({ aborted: true });
    goOn();
    expect((await Promise.all(followers)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('a text that nobody waits for any more is not computed', async () => {
    stopWorker();
    // The first goes to the worker at once, the second when the first should have ended; then the queue grows.
    const busy = [ask(service, 'in the worker')];
    await holding(service, 1);
    busy.push(ask(service, 'handed over ahead'));
    await waitFor(async () => (await metric(service, 'serin_running_texts')) === 2);
    const before = await inferences(service);
    const leavers = ['last-1', 'last-2'].map((id) => leaver(service, 'nobody waits', id));
    await holding(service, 3);
    for (const { leave } of leavers) leave();
    await Promise.all(['last-1', 'last-2'].map((id) => service.requestLine(id)));
    await holding(service, 2);
    goOn();
    await Promise.all(busy);
    expect(await inferences(service)).toBe(before + 2);
    expect(await ask(service, 'nobody waits')).toMatchObject({ cache_hit: false });
  });

  it('a worker that is replaced is not missed by what is known', async () => {
    const [before] = service.workerPids();
    process.kill(before ?? 0, 'SIGKILL');
    // Stopped before it runs its script, it would hold up whoever spawns it.
    await waitFor(() =>
      Promise.resolve(service.workerPids().some((pid) => pid !== before && runsScript(pid))),
    );
    stopWorker();
    expect(stopped).not.toBe(before);
    expect(await metric(service, 'serin_workers', 'ready')).toBe(0);
    expect(await ask(service, 'known')).toMatchObject({ status: 200, cache_hit: true });
    goOn();
    expect(await ask(service, 'new after that')).toMatchObject({ status: 200, cache_hit: false });
  });

  it('what is known is answered after SIGTERM, as long as anything is', async () => {
    stopWorker();
    service.signal('SIGTERM');
    await service.line(({ msg }) => msg === 'leaving');
    expect(await ask(service, 'known')).toMatchObject({ status: 200, cache_hit: true });
    goOn();
  });
});
