import { describe, expect, it } from 'vitest';
import { ModelRollout } from '../../../src/rollout/model-rollout.js';
import { nextStep, pause, promote, rollBack, setPercent } from '../../../src/rollout/rollout-machine.js';
import { RolloutStore, type SaveResult, type StoredRollout } from '../../../src/rollout/rollout-store.js';
import type { RolloutDocument } from '../../../src/rollout/rollout-types.js';
import { begun, by, done, ref } from './documents.js';

const admin = by('admin');

/** A store in memory that others may write to, and that fails when it is told to. */
class MemoryStore extends RolloutStore {
  failing: 'failed' | 'refused' | null = null;

  constructor(public held: RolloutDocument | null) {
    super();
  }

  override load(): Promise<StoredRollout> {
    return Promise.resolve({ document: this.held, problem: null });
  }

  override async compareAndSet(document: RolloutDocument, expected: number | null): Promise<SaveResult> {
    await new Promise((resume) => setImmediate(resume));
    if (this.failing !== null) return { kind: this.failing, reason: 'the disk is full' };
    if ((this.held?.revision ?? null) !== expected) {
      return { kind: 'conflict', current: this.held };
    }
    this.held = document;
    return { kind: 'saved' };
  }

  override onChange(): () => void {
    return () => undefined;
  }

  override saveEvidence(): Promise<boolean> {
    return Promise.resolve(true);
  }

  override loadEvidence(): Promise<null> {
    return Promise.resolve(null);
  }

  override share(): null {
    return null;
  }

  override leads(): boolean {
    return true;
  }

  override refusal(): string | null {
    return this.failing === 'refused' ? 'another process writes there' : null;
  }

  override problem(): string | null {
    return null;
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

function rolloutOf(document = begun()): {
  rollout: ModelRollout;
  store: MemoryStore;
  applied: RolloutDocument[];
} {
  const store = new MemoryStore(document);
  const applied: RolloutDocument[] = [];
  const rollout = new ModelRollout(document, store, (now) => applied.push(now));
  return { rollout, store, applied };
}

describe('the moves of one process', () => {
  it('are made one after the other, each on what the one before left', async () => {
    const { rollout, store, applied } = rolloutOf();
    await Promise.all([
      rollout.move((now) => nextStep(now, by('ramp'))),
      rollout.move((now) => nextStep(now, by('ramp'))),
    ]);
    expect(rollout.document).toMatchObject({ percent: 25, revision: 3 });
    expect(applied.map(({ percent }) => percent)).toEqual([5, 25]);
    expect(store.held).toBe(rollout.document);
  });

  it('are refused with a stale revision, and the other writer has won', async () => {
    const { rollout } = rolloutOf();
    const set = (percent: number): Promise<RolloutDocument> =>
      rollout.move((now) => setPercent(now, percent, admin), { revision: 1 });
    const [first, second] = await Promise.allSettled([set(10), set(20)]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
    expect(rollout.document.percent).toBe(10);
  });

  it('take over what another process wrote, and go on from there', async () => {
    const { rollout, store } = rolloutOf();
    store.held = done(setPercent(begun(), 50, admin));
    await rollout.move((now) => pause(now, admin));
    expect(rollout.document).toMatchObject({ phase: 'paused', percent: 50, revision: 3 });
    store.held = done(setPercent(rollout.document, 60, admin));
    await expect(rollout.move((now) => setPercent(now, 1, admin), { revision: 3 })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(rollout.document.percent).toBe(60);
  });

  it('are lost rather than half made when they cannot be written', async () => {
    const { rollout, store, applied } = rolloutOf();
    store.failing = 'failed';
    await expect(rollout.move((now) => setPercent(now, 50, admin))).rejects.toMatchObject({
      code: 'STATE_UNAVAILABLE',
    });
    expect([rollout.document.percent, applied.length]).toEqual([1, 0]);
  });

  it('but a rollback is in force at once, and is written when that is possible again', async () => {
    const { rollout, store, applied } = rolloutOf();
    store.failing = 'failed';
    await rollout.move((now) => rollBack(now, admin), { atOnce: true });
    expect([applied.at(-1)?.phase, rollout.unsaved, store.held?.phase]).toEqual([
      'rolled_back',
      true,
      'running',
    ]);
    await rollout.saveProgress();
    expect(rollout.unsaved).toBe(true);
    store.failing = null;
    await rollout.saveProgress();
    expect([store.held?.phase, rollout.unsaved]).toEqual(['rolled_back', false]);
  });

  it('and wins over what others wrote while it could not be written', async () => {
    const { rollout, store } = rolloutOf();
    store.failing = 'failed';
    await rollout.move((now) => rollBack(now, admin), { atOnce: true });
    store.failing = null;
    const ramped = done(nextStep(begun(), by('ramp')));
    store.held = done(nextStep(ramped, by('ramp')));
    await rollout.saveProgress();
    expect(rollout.document).toMatchObject({ phase: 'rolled_back', percent: 0, revision: 4 });
    await rollout.saveProgress();
    expect(store.held).toMatchObject({ phase: 'rolled_back', revision: 4 });
    expect(store.held.history.map(({ move }) => move)).toEqual(['start', 'step', 'step', 'roll_back']);
  });

  it('but not over another canary, which it says nothing about', async () => {
    const { rollout, store } = rolloutOf();
    store.failing = 'failed';
    await rollout.move((now) => rollBack(now, admin), { atOnce: true });
    store.failing = null;
    store.held = begun({ rolloutId: 'r2', canary: ref('v3') }, begun());
    await rollout.saveProgress();
    expect([rollout.document.phase, rollout.unsaved]).toEqual(['running', false]);
  });

  it.each([
    ['a refused share', setPercent(begun(), 50, by('admin', 'earlier')), 'idle'],
    ['a refused promotion', promote(begun(), by('admin', 'earlier')), 'rolled_back'],
  ])('a share of 0 wins over %s that was written after all', async (_, late, phase) => {
    const { rollout, store } = rolloutOf();
    store.failing = 'failed';
    await rollout.move((now) => setPercent(now, 0, admin), { atOnce: true });
    store.failing = null;
    store.held = done(late);
    await rollout.accept(store.held);
    expect(rollout.document).toMatchObject({ phase, percent: 0, stable: ref('v1'), revision: 3 });
    await rollout.saveProgress();
    expect([store.held, rollout.unsaved]).toEqual([rollout.document, false]);
  });

  it('in a folder that is not ours no rollback is made, nor seen by anybody', async () => {
    const { rollout, store, applied } = rolloutOf();
    store.failing = 'refused';
    const move = rollout.move((now) => rollBack(now, admin), { atOnce: true });
    await expect(move).rejects.toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect([rollout.document.phase, applied]).toEqual(['running', []]);
  });

  it('keep the time in the step, and write it only when it has grown', async () => {
    const { rollout, store } = rolloutOf();
    await rollout.saveProgress();
    rollout.advance(400);
    rollout.advance(600);
    await rollout.saveProgress();
    expect(store.held).toMatchObject({ elapsed_in_step_ms: 1000, revision: 1 });
    await rollout.accept(begun());
    expect(rollout.document.elapsed_in_step_ms).toBe(0);
    await rollout.accept({ ...begun(), revision: 0, percent: 77 });
    expect(rollout.document.percent).toBe(1);
  });
});
