import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Priority } from '../../../../src/engine/dispatch/executor.js';
import { doneWith, type FakeWorker } from './fake-worker.js';
import { AT_ONCE, CLOSED, House, MAX_RSS_BYTES, SECOND, turn, type Setting } from './three-sources.js';

describe('three sources in one lane', () => {
  it('get the worker in their order, whichever came first', async () => {
    const house = new House();
    void house.addJob(2);
    await turn();
    house.add('background', 'b');
    house.add('user', 'u1', 'u2');
    await turn();
    for (let i = 0; i < 4; i++) house.finish(house.first);
    expect(house.order).toEqual(['job', 'u1 u2', 'b', 'job']);
    await house.end();
  });

  it('a text of a user that arrives while a job has all workers is the next to run on the first that is free', async () => {
    const house = new House({ workers: 2 });
    void house.addJob(40);
    await turn();
    expect(house.order).toEqual(['job', 'job']);
    const [text] = house.add('user', 'u');
    await turn();
    house.finish(house.first);
    expect(house.order).toEqual(['job', 'job', 'u']);
    house.finish(house.first);
    expect(await text?.outcome).toMatchObject({ ok: true });
    expect(house.order.at(-1)).toBe('job');
    await house.end();
  });

  it('a job waits while a text waits that no idle worker can run', async () => {
    const house = new House();
    house.first.canRun = () => false;
    house.add('user', 'u');
    void house.addJob(1);
    await turn();
    house.first.canRun = (key) => key === 'v1';
    house.lane.wake();
    await turn();
    house.finish(house.first);
    expect(house.order).toEqual(['u', 'job']);
    await house.end();
  });

  it('a worker that dies gives both of its messages back: one was begun, one was not', async () => {
    const house = new House({ cost: AT_ONCE });
    const job = house.addJob(1);
    await turn();
    const texts = house.add('user', 'u1', 'u2');
    await turn();
    expect(house.order).toEqual(['job', 'u1 u2']);
    const second = house.replace(house.first);
    // Not tried alone: they had not run.
    expect(second.texts).toEqual(['u1', 'u2']);
    expect(second.sent).toHaveLength(2);
    house.finish(second);
    house.finish(second);
    // The ids of messages are never used twice.
    expect(new Set(second.sent.map(({ batchId }) => batchId))).toEqual(new Set([3, 4]));
    expect(house.order).toEqual(['job', 'u1 u2', 'u1 u2', 'job']);
    for (const { outcome } of texts) expect(await outcome).toMatchObject({ ok: true });
    expect(await job).toHaveLength(1);
    await house.end();
  });

  it('a worker that has grown too large ends what it has, whosever it is, and gets no more', async () => {
    const house = new House({ cost: AT_ONCE });
    const job = house.addJob(1);
    await turn();
    house.add('user', 'u1');
    await turn();
    house.finish(house.first, MAX_RSS_BYTES + 1);
    house.add('user', 'u2');
    await turn();
    expect(house.killed).toEqual([]);
    house.finish(house.first);
    expect(house.killed).toEqual(['memory']);
    expect(house.order).toEqual(['job', 'u1']);
    house.replace(house.first);
    expect(house.order).toEqual(['job', 'u1', 'u2']);
    expect(await job).toHaveLength(1);
    await house.end();
  });

  it('all are answered, in their order, and each message once, whatever workers do', async () => {
    const action = fc.record({
      what: fc.constantFrom('user', 'background', 'job', 'finish', 'finish', 'fail', 'die', 'grow', 'turn'),
      which: fc.nat(),
    });
    const run = fc.asyncProperty(fc.boolean(), fc.array(action, { maxLength: 60 }), async (late, actions) => {
      const house = new House({ workers: 3, cost: late ? SECOND : AT_ONCE });
      const { user, background } = house.texts;
      const answers: Promise<unknown>[] = [];
      const answersOf = (priority: Priority, text: string): Promise<unknown>[] =>
        house.add(priority, text).map(({ outcome }) => outcome);
      house.onSent = (worker) => {
        const last = worker.sent.at(-1)?.payload;
        const isUsers = last?.type === 'run' && last.texts[0]?.startsWith('u') === true;
        if (!isUsers) expect(user.waiting).toBe(0);
        if (last?.type === 'run_planned') expect(background.waiting).toBe(0);
        if (last?.type === 'run' && !isUsers) {
          expect(house.inHand.get(worker)).toHaveLength(1);
          expect([...house.inHand.values()].some((messages) => messages.length === 0)).toBe(true);
        }
      };
      const busy = (): FakeWorker[] =>
        house.workers.filter((worker) => (house.inHand.get(worker)?.length ?? 0) > 0);
      const act = async (what: (typeof actions)[number]['what'], which: number): Promise<void> => {
        if (what === 'user') answers.push(...answersOf('user', `u${String(which)}`));
        if (what === 'background') answers.push(...answersOf('background', `b${String(which)}`));
        if (what === 'job') answers.push(house.addJob((which % 5) + 1));
        if (what === 'turn') await turn();
        const worker = busy()[which % Math.max(1, busy().length)];
        if (worker === undefined) return;
        if (what === 'finish') house.finish(worker);
        if (what === 'fail') house.fail(worker);
        if (what === 'grow') house.finish(worker, MAX_RSS_BYTES + 1);
        if (what === 'die' || !worker.alive) house.replace(worker);
      };
      for (const { what, which } of actions) await act(what, which);
      await turn();
      const replaceDead = (): void => {
        for (const dead of house.workers.filter(({ alive }) => !alive)) house.replace(dead);
      };
      replaceDead();
      while (busy().length > 0) {
        for (const worker of busy()) house.finish(worker);
        // Those that had grown too large were killed once they were idle.
        replaceDead();
      }
      await Promise.all(answers);
      expect(user.running + user.waiting + background.running + background.waiting).toBe(0);
      expect(house.jobs.waiting).toBe(0);
      await house.end();
    });
    await fc.assert(run, { numRuns: 150 });
  });
});

describe('hand-over', () => {
  /** Messages that a lone worker has when there is work for two. */
  const sent = async (setting: Setting, add: (house: House) => void): Promise<number> => {
    const house = new House(setting);
    add(house);
    await turn();
    add(house);
    await turn();
    const count = house.first.sent.length;
    await house.end();
    return count;
  };
  const job = (house: House): void => void house.addJob(1);
  const user = (house: House): void => void house.add('user', 'u');
  const background = (house: House): void => void house.add('background', 'b');

  it.each([
    ['of a file comes at once', { jobsHandOver: 'now' }, job, 2],
    ['of a job comes late', {}, job, 1],
    ['of a job comes when the predicted end is near', { cost: AT_ONCE }, job, 2],
    ['of texts comes late', {}, user, 1],
    ['of texts comes when the predicted end is near', { cost: AT_ONCE }, user, 2],
    ['of background texts never comes', { cost: AT_ONCE }, background, 1],
  ] as const)('%s', async (_, setting, add, messages) => {
    expect(await sent(setting, add)).toBe(messages);
  });

  it('comes by itself when the time is there', async () => {
    const house = new House({ cost: { ...AT_ONCE, fixedMs: 30 } });
    house.add('user', 'u1');
    await turn();
    house.add('user', 'u2');
    await turn();
    expect(house.order).toEqual(['u1']);
    await vi.waitFor(() => {
      expect(house.order).toEqual(['u1', 'u2']);
    });
    await house.end();
  });
});

describe('the watchdog', () => {
  /** The whole process stands still. */
  const pause = (ms: number): void => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };

  it('kills a worker that overruns its time', async () => {
    const house = new House({ cost: AT_ONCE, watchdogMs: 10 });
    house.add('user', 'u');
    await turn();
    await vi.waitFor(() => {
      expect(house.killed).toEqual(['watchdog']);
    });
    await house.end();
  });

  it('spares one whose answer is read after a pause of this process', async () => {
    const house = new House({ cost: AT_ONCE, watchdogMs: 10 });
    house.add('user', 'u');
    await turn();
    const answered = new Promise<void>((resolve) =>
      setTimeout(() => {
        house.finish(house.first);
        resolve();
      }, 25),
    );
    // The watchdog, due after 20 ms, fires first.
    pause(60);
    await answered;
    await turn();
    expect(house.killed).toEqual([]);
    await house.end();
  });
});

describe('the cost of a version', () => {
  it('follows the latest fit of its version, and is unknown before and after', async () => {
    const FIRST = { fixedMs: 1, perTokenMs: 2, perTokenSquaredMs: 0 };
    const house = new House({ cost: FIRST });
    expect(house.lane.costOf('v1')).toEqual(FIRST);
    expect(house.lane.costOf('v2')).toBeUndefined();
    // A worker that loads it later says what the warm-up measured: the traffic knows better.
    house.lane.versionChanged('v1', { state: 'ready', cost: SECOND });
    expect(house.lane.costOf('v1')).toEqual(FIRST);
    house.add('user', 'u');
    await turn();
    const [message] = house.first.sent;
    house.lane.drop('v1', CLOSED);
    if (message === undefined) throw new Error('nothing was sent');
    house.lane.batchDone(house.first.handle, doneWith(message.batchId, message.payload, { cost: SECOND }));
    expect(house.lane.costOf('v1')).toBeUndefined();
    await house.end();
  });

  it('is corrected by what a worker answers', async () => {
    const house = new House();
    house.add('user', 'u');
    await turn();
    const [message] = house.first.sent;
    if (message === undefined) throw new Error('nothing was sent');
    house.lane.batchDone(house.first.handle, doneWith(message.batchId, message.payload, { cost: AT_ONCE }));
    expect(house.lane.costOf('v1')).toEqual(AT_ONCE);
    await house.end();
  });
});
