import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clear,
  nextStep,
  pause,
  promote,
  rollBack,
  setPercent,
  start,
} from '../../../src/rollout/rollout-machine.js';
import type { RolloutDocument, VersionRef } from '../../../src/rollout/rollout-types.js';
import { type Claims, type FileWish, type Verdict, whoDecides } from '../../../src/rollout/who-decides.js';
import { begun, by, done, fresh, ref, wish } from './documents.js';

const ask = (
  document: RolloutDocument,
  file: FileWish = wish(),
  canaryPercent: number | null = null,
): Verdict => whoDecides({ document, file, canaryPercent, stableExists: true, unjudged: false });

/** As a service does it: what is to begin, begins. */
function settle(claims: Claims): { document: RolloutDocument; verdict: Verdict } {
  const verdict = whoDecides(claims);
  if (verdict.begin === null) return { document: claims.document, verdict };
  const rolloutId = `r${claims.document.revision + 1}`;
  const document = done(start(claims.document, { ...verdict.begin, rolloutId }, by('configuration')));
  return { document, verdict: whoDecides({ ...claims, document }) };
}

const settled = (
  document: RolloutDocument,
  file: FileWish,
  canaryPercent: number | null = null,
): RolloutDocument => settle({ document, file, canaryPercent, stableExists: true, unjudged: false }).document;

const admin = by('admin');
const auto = wish({ percent: 1, mode: 'auto' });

describe('who decides', () => {
  it('is the file when there is nothing else, and at 0 % it begins nothing', () => {
    expect(ask(fresh())).toMatchObject({ begin: null, decision: { decided_by: 'file', percent: 0 } });
    const document = settled(fresh(auto), auto);
    expect(ask(document, auto)).toMatchObject({
      mode: 'auto',
      begin: null,
      decision: { decided_by: 'file', percent: 1 },
    });
  });

  it('is CANARY_PERCENT before the file, with gates that do not act', () => {
    const document = settled(fresh(auto), auto, 5);
    expect(ask(document, auto, 5)).toMatchObject({
      mode: 'manual',
      begin: null,
      decision: { decided_by: 'canary_percent', percent: 5 },
    });
  });

  it('lets a variable that was changed or taken away change what it began, and nobody else moved', () => {
    const five = settled(fresh(), wish(), 5);
    expect(settled(five, wish(), 50)).toMatchObject({ percent: 50, phase: 'running' });
    expect(settled(five, wish())).toMatchObject({ percent: 0, phase: 'idle' });
    const moved = done(setPercent(five, 7, admin));
    expect(settled(moved, wish(), 50)).toBe(moved);
    expect(ask(moved, wish(), 50).decision).toMatchObject({ decided_by: 'state', percent: 7 });
    expect(ask(moved).decision).toMatchObject({ decided_by: 'state', percent: 7 });
  });

  it('is the state once the ramp has moved, also after a restart', () => {
    const document = done(nextStep(settled(fresh(auto), auto), by('ramp')));
    expect(ask(document, auto)).toMatchObject({ begin: null, decision: { decided_by: 'state', percent: 5 } });
    expect(ask(document, auto, 50)).toMatchObject({ mode: 'manual', begin: null, decision: { percent: 5 } });
  });

  it('is CANARY_PERCENT=0 before the state, and marks nothing', () => {
    const document = done(setPercent(begun(), 25, admin));
    const held = settle({ document, file: wish(), canaryPercent: 0, stableExists: true, unjudged: false });
    expect(held.document).toBe(document);
    expect(held.verdict.decision).toMatchObject({ decided_by: 'canary_percent_0', percent: 0 });
    expect(ask(held.document).decision).toMatchObject({ decided_by: 'state', percent: 25 });
    expect(settled(fresh(auto), auto, 0).revision).toBe(0);
  });

  it('is the rollback before everything, until clear', () => {
    const bad = done(rollBack(begun(), admin));
    for (const canaryPercent of [null, 0, 50]) {
      expect(ask(bad, wish({ percent: 50 }), canaryPercent)).toMatchObject({
        begin: null,
        decision: { decided_by: 'rolled_back', percent: 0 },
      });
    }
    const cleared = done(setPercent(done(clear(bad, admin)), 3, admin));
    expect(ask(cleared).decision).toMatchObject({ decided_by: 'state', percent: 3 });
  });

  it('is clear, also about a section that has changed and was met: it does not begin', () => {
    const longer = wish({ percent: 10, mode: 'auto', steps: [{ percent: 10, hold_ms: 9000 }] });
    const running = settled(fresh(auto), auto);
    for (const over of [done(promote(running, admin)), done(rollBack(running, admin))]) {
      expect(ask(over, longer).begin).toBeNull();
      const cleared = done(clear(over, admin, longer.fingerprint));
      expect(ask(cleared, longer)).toMatchObject({ begin: null, decision: { percent: 0 } });
      expect(ask(cleared, wish({ percent: 20, mode: 'auto' })).begin).not.toBeNull();
    }
  });

  it('lets a changed section begin anew, but not undo a promotion or a rollback', () => {
    const ramped = done(nextStep(settled(fresh(auto), auto), by('ramp')));
    const changed = wish({ percent: 10, mode: 'auto' });
    expect(settled(ramped, changed)).toMatchObject({ percent: 10, moved: false, visit: 1 });
    const off = wish({ percent: 0 });
    expect(settled(ramped, off)).toMatchObject({ percent: 0, phase: 'idle', rolled_back: [] });
    const promoted = done(promote(ramped, admin));
    expect(settled(promoted, changed)).toBe(promoted);
    expect(settled(promoted, wish({ stable: ref('v2'), canary: null }))).toBe(promoted);
    expect(settled(promoted, wish({ stable: ref('v2'), canary: ref('v3'), percent: 1 }))).toMatchObject({
      stable: ref('v2'),
      canary: ref('v3'),
      phase: 'running',
    });
    expect(settled(promoted, wish({ stable: ref('v1'), canary: null }))).toMatchObject({ stable: ref('v1') });
  });

  it('is a file that has changed since the start also where nothing was moved and no canary is to get anything', () => {
    const other = wish({ stable: ref('v2'), canary: null });
    expect(settled(fresh(), other)).toMatchObject({ revision: 1, stable: ref('v2'), phase: 'idle' });
    const unread = wish({ stable: { version: 'v1', digest: '' } });
    expect(settled(fresh(unread), wish())).toMatchObject({ stable: ref('v1'), phase: 'idle', percent: 0 });
    expect(settled(fresh(), wish()).revision).toBe(0);
  });

  it('says after a promotion that the old file and the old variable are met already', () => {
    const promoted = done(promote(settled(fresh(auto), auto), by('ramp')));
    for (const canaryPercent of [null, 5]) {
      const { begin, decision } = ask(promoted, auto, canaryPercent);
      expect([begin, decision.already_promoted, decision.decided_by]).toEqual([null, true, 'state']);
      expect(decision.sentence).toMatch(/v2.*was promoted already/);
    }
  });

  it('is the state while a rollout runs and the file has lost its section, and the file again when it is over', () => {
    const document = begun({ configuration: wish().fingerprint });
    const lost = wish({ canary: null, isWhole: false });
    expect(ask(document, lost).begin).toBeNull();
    expect(ask(done(pause(document, admin)), lost).begin).toBeNull();
    expect(ask(document, { ...lost, isWhole: true }).begin).toMatchObject({ canary: null });
    expect(ask(done(setPercent(document, 0, admin)), lost).begin).toMatchObject({ canary: null });
    // A service without a file uses the versions that the repository contains.
    const shipped = wish({ canary: ref('v3'), isWhole: false });
    expect(ask(document, shipped).begin).toBeNull();
    const byVariable = begun({ origin: { by: 'environment', canary_percent: 5 } });
    expect(ask(byVariable, shipped, 5).begin).toMatchObject({ canary: ref('v3') });
  });

  it('holds an unjudged canary at the share of its step, whoever decided about the share', () => {
    const claims = { file: wish(), canaryPercent: null, stableExists: true, unjudged: true };
    const shareOf = (percent: number): number => {
      const document = done(setPercent(begun(), percent, admin));
      return whoDecides({ ...claims, document }).decision.percent;
    };
    const steps = wish().steps.map(({ percent }) => percent);
    expect(steps).toEqual([1, 5, 25, 50, 100]);
    expect([0.5, 1.5, 4, 24, 99].map(shareOf)).toEqual([0.5, 1, 1, 5, 50]);
    const document = done(setPercent(begun(), 99, admin));
    expect(whoDecides({ ...claims, document }).decision).toMatchObject({
      decided_by: 'state',
      sentence: expect.stringMatching(/It is held at 50 % while none/) as string,
    });
    const byFile = settled(fresh(), wish({ percent: 20 }));
    expect(whoDecides({ ...claims, document: byFile, file: wish({ percent: 20 }) }).decision).toMatchObject({
      decided_by: 'file',
      percent: 5,
    });
  });

  it('is the file again when the registry lost the stable version of the state', () => {
    const promoted = done(promote(begun(), admin));
    const claims = {
      document: promoted,
      file: wish(),
      canaryPercent: null,
      stableExists: false,
      unjudged: false,
    };
    expect(settle(claims).document.stable).toEqual(ref('v1'));
  });

  it('is the state while a manifest that the file names cannot be read', () => {
    const unreadable = (version: string): VersionRef => ({ version, digest: '' });
    const ramped = done(nextStep(settled(fresh(auto), auto), by('ramp')));
    const promoted = done(promote(ramped, admin));
    const cleared = done(clear(promoted, admin));
    const files = [
      wish({ ...auto, stable: unreadable('v1'), fingerprint: 'another' }),
      wish({ ...auto, canary: unreadable('v2'), fingerprint: 'another' }),
    ];
    for (const [file, document, canaryPercent] of files.flatMap((changed) =>
      [settled(fresh(auto), auto), ramped, promoted, cleared].flatMap((before) =>
        [null, 0, 50].map((variable) => [changed, before, variable] as const),
      ),
    )) {
      expect(ask(document, file, canaryPercent).begin).toBeNull();
      expect(ask(document, file, canaryPercent).decision.decided_by).toBe(
        canaryPercent === 0 ? 'canary_percent_0' : ask(document, auto, canaryPercent).decision.decided_by,
      );
    }
    for (const file of files) {
      expect(ask(fresh(file), file)).toMatchObject({ begin: null, decision: { percent: 0 } });
      expect(ask(fresh(file), file, 5)).toMatchObject({ begin: null, decision: { percent: 0 } });
    }
  });

  it('is the file’s stable version alone when the state’s is lost and the file’s canary cannot be read', () => {
    const promoted = done(promote(begun(), admin));
    const file = wish({ percent: 5, canary: { version: 'v2', digest: '' } });
    const claims = { document: promoted, file, canaryPercent: null, stableExists: false, unjudged: false };
    const { document, verdict } = settle(claims);
    expect(document).toMatchObject({ stable: ref('v1'), canary: null, phase: 'idle', percent: 0 });
    expect(verdict.begin).toBeNull();
    const mended = wish({ percent: 5 });
    expect(settled(document, mended)).toMatchObject({ canary: ref('v2'), phase: 'running', percent: 5 });
    const neither = { ...file, stable: { version: 'v1', digest: '' } };
    expect(whoDecides({ ...claims, file: neither }).begin).toBeNull();
  });

  it('shows users nothing of a canary in the shadow', () => {
    const shadow = wish({ mode: 'shadow' });
    const document = settled(fresh(shadow), shadow);
    expect([document.phase, ask(document, shadow).decision.percent]).toEqual(['running', 0]);
  });

  it('comes to rest, never serves a rolled back digest, and never more than 0 % while the toggle is set', () => {
    const unreadable = { version: 'v4', digest: '' };
    const versions = fc.constantFrom(...['v1', 'v2', 'v3'].map(ref), unreadable);
    const files = fc
      .record({
        stable: versions,
        canary: fc.option(versions),
        percent: fc.constantFrom(0, 1, 50),
        mode: fc.constantFrom('auto' as const, 'manual' as const),
      })
      .map((file) =>
        wish({ ...file, canary: file.canary?.digest === file.stable.digest ? null : file.canary }),
      );
    const variables = fc.constantFrom(null, 0, 5, 100);
    const moves = fc.constantFrom('step', 'set', 'promote', 'roll_back', 'clear', 'none');
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            file: files,
            variable: variables,
            move: moves,
            stableExists: fc.boolean(),
            unjudged: fc.boolean(),
          }),
          { minLength: 1 },
        ),
        (story) => {
          let document = fresh(story[0]?.file);
          for (const { file, variable, move, stableExists, unjudged } of story) {
            const result = settle({ document, file, canaryPercent: variable, stableExists, unjudged });
            if (result.document !== document) expect(result.document.stable.digest).not.toBe('');
            document = result.document;
            const { begin, decision } = result.verdict;
            expect(begin).toBeNull();
            if (variable === 0) expect(decision.percent).toBe(0);
            const bad = document.rolled_back.some(({ digest }) => digest === document.canary?.digest);
            if (bad) expect([decision.decided_by, decision.percent]).toEqual(['rolled_back', 0]);
            const made = {
              step: () => nextStep(document, by('ramp')),
              set: () => setPercent(document, 10, admin),
              promote: () => promote(document, admin),
              roll_back: () => rollBack(document, by('gate')),
              clear: () => clear(document, admin),
              none: () => null,
            }[move]();
            if (document.revision > 0 && made?.kind === 'moved') document = made.document;
          }
        },
      ),
    );
  });
});
