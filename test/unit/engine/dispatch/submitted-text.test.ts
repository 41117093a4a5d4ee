import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import type { InferenceTimes, Outcome } from '../../../../src/engine/dispatch/executor.js';
import type { PendingText, RowsOutcome } from '../../../../src/engine/dispatch/pending-text.js';
import { SubmittedText } from '../../../../src/engine/dispatch/submitted-text.js';
import { sigmoid } from '../../../../src/engine/tasks/labels.js';
import { taskOf } from '../../../../src/engine/tasks/table.js';
import { FIRST_WINDOW, type View } from '../../../../src/engine/view.js';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { labelVersion } from '../../../support/label-versions.js';

const NOW = 100;
const LEFT = new AppError('DEADLINE_EXCEEDED', 'the caller has left');
const FAILED = new AppError('INFERENCE_FAILED', 'the model failed');

interface Parts {
  readonly words: number;
  readonly view: View;
  readonly maxTokens?: number;
  readonly maxPaddedTokens?: number;
}

function versionOf(maxTokens: number, maxPaddedTokens: number): ModelVersion {
  const version = labelVersion({ task: 'multi-label-classification', labels: ['A', 'B'] });
  const batching = { max_padded_tokens: maxPaddedTokens, runs_alone: false };
  return { ...version, key: 'v1', manifest: { ...version.manifest, max_tokens: maxTokens, batching } };
}

/** A text of so many words, which are as many tokens; a sequence of n tokens takes n ms. */
function submit({ words, view, maxTokens = 10, maxPaddedTokens = 20 }: Parts) {
  const abandoned: PendingText[] = [];
  const version = versionOf(maxTokens, maxPaddedTokens);
  const text = 'word '.repeat(words);
  const submitted = new SubmittedText(
    { version, text, view },
    {
      priority: 'user',
      now: NOW,
      priceOf: (_, tokens, sequences) => ({ soloMs: tokens * sequences, workMs: tokens * sequences }),
      workers: 1,
      abandon: (part) => abandoned.push(part),
      offer: () => undefined,
    },
  );
  return { submitted, abandoned, estimate: taskOf(version).estimate(text, view, maxTokens) };
}

const allWindows = (max: number): View => ({ windows: 'all', max });

const timesOf = (resultAt: number): InferenceTimes => ({
  admittedAt: NOW,
  resultAt,
  batchSize: 1,
  queueMs: 0,
  transferMs: 0,
  tokenizeMs: 0,
  inferenceMs: 0,
});

/** One window's logits for two labels. */
type Window = readonly [number, number];

/** The rows of windows from `first` on: each has three tokens, and its number as the start of its span. */
const rowsOf = (windows: readonly Window[], first: number, truncated = false): RowsOutcome => ({
  ok: true,
  rows: {
    rows: windows.map((logits) => Float32Array.from(logits)),
    spans: windows.map((_, i) => ({ start: first + i, end: first + i + 1 })),
    tokens: 3 * windows.length,
    truncated,
    empty: false,
  },
  times: timesOf(first),
});

/** The outcome, or undefined while it is open. */
const now = (outcome: Promise<Outcome>): Promise<Outcome | undefined> =>
  Promise.race([outcome, Promise.resolve(undefined)]);

describe('a text that is submitted', () => {
  it('is one pending text without a range when its first window is read, however long it is', async () => {
    const { submitted, estimate } = submit({ words: 500, view: FIRST_WINDOW });
    expect(submitted.parts).toHaveLength(1);
    expect(submitted.parts[0]).toMatchObject({
      ...estimate,
      sequences: 1,
      tokens: 10,
      range: null,
      enqueuedAt: NOW,
      turnAt: NOW,
    });
    submitted.parts[0]?.settle({
      ok: true,
      rows: { rows: [Float32Array.of(0, 1)], spans: null, tokens: 10, truncated: true, empty: false },
      times: timesOf(7),
    });
    expect(await submitted.outcome).toEqual({
      ok: true,
      value: {
        answer: { value: { scores: [0.5, sigmoid(1)] }, tokens: 10, truncated: true },
        ...timesOf(7),
      },
    });
  });

  it('is cut into ranges that cover the windows of its view once, and are due one after the other', () => {
    const drawn = fc.record({
      words: fc.integer({ min: 1, max: 400 }),
      max: fc.integer({ min: 1, max: 80 }),
      maxTokens: fc.integer({ min: 4, max: 80 }),
      maxPaddedTokens: fc.integer({ min: 1, max: 600 }),
    });
    fc.assert(
      fc.property(drawn, ({ max, ...parts }) => {
        const { submitted, estimate } = submit({ ...parts, view: allWindows(max) });
        const most = Math.max(2, Math.floor(parts.maxPaddedTokens / estimate.tokens));
        let [next, sequences] = [0, 0];
        for (const part of submitted.parts) {
          const { range, turnAt, tokens } = part;
          if (range === null) throw new Error('a part without a range');
          const isLast = part === submitted.parts.at(-1);
          expect(range.from).toBe(next);
          expect(part.sequences).toBe(isLast ? estimate.sequences - range.from : range.to - range.from);
          expect(part.sequences).toBeGreaterThan(0);
          expect(part.sequences).toBeLessThanOrEqual(most);
          expect(tokens).toBe(estimate.tokens);
          expect(turnAt).toBe(NOW + range.from * estimate.tokens);
          next = range.to;
          sequences += part.sequences;
        }
        expect(next).toBe(max);
        expect(sequences).toBe(estimate.sequences);
        expect(sequences).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('has the rows of its parts in the order of their windows, whichever part ends first', async () => {
    const logits = fc.float({ noNaN: true, min: -9, max: 9 });
    const drawn = fc
      .record({
        windows: fc.array(fc.tuple(logits, logits), { minLength: 1, maxLength: 20 }),
        truncated: fc.boolean(),
      })
      .chain(({ windows, truncated }) => {
        // Six words more per window: eight fit in one, two of them shared with the window before.
        const words = 8 + 6 * (windows.length - 1);
        const count = submit({ words, view: allWindows(windows.length) }).submitted.parts.length;
        const order = fc.shuffledSubarray([...Array(count).keys()], { minLength: count });
        return fc.record({
          windows: fc.constant(windows),
          words: fc.constant(words),
          truncated: fc.constant(truncated),
          order,
        });
      });
    await fc.assert(
      fc.asyncProperty(drawn, async ({ windows, words, truncated, order }) => {
        const { submitted, estimate } = submit({ words, view: allWindows(windows.length) });
        expect(estimate.sequences).toBe(windows.length);
        for (const i of order) {
          expect(await now(submitted.outcome)).toBeUndefined();
          const { from, to } = submitted.parts[i]?.range ?? { from: 0, to: 0 };
          const isLast = i === submitted.parts.length - 1;
          // That the text goes on behind its range is no news of any part but the last.
          submitted.parts[i]?.settle(rowsOf(windows.slice(from, to), from, isLast ? truncated : true));
        }
        const outcome = await submitted.outcome;
        if (!outcome.ok) throw outcome.error;
        const { answer, resultAt } = outcome.value;
        const best = [0, 1].map((k) => Math.max(...windows.map((window) => sigmoid(window[k] ?? 0))));
        expect(answer).toMatchObject({ tokens: 3 * windows.length, truncated });
        expect(answer.value.scores).toEqual(best);
        if (windows.length > 1) {
          expect(answer.value.spans?.map(({ start }) => start)).toEqual(
            best.map((score, k) => windows.findIndex((window) => sigmoid(window[k] ?? 0) === score)),
          );
        }
        expect(resultAt).toBe(submitted.parts[order.at(-1) ?? 0]?.range?.from);
      }),
    );
  });

  it('fails whole and once when a part fails, and the parts that are open are given up once', async () => {
    const events = fc.array(fc.record({ part: fc.nat(9), ok: fc.boolean() }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(events, fc.nat(9), async (before, failing) => {
        const { submitted, abandoned } = submit({ words: 120, view: allWindows(20) });
        const { parts } = submitted;
        expect(parts).toHaveLength(10);
        const answered = before.filter(({ ok, part }) => ok && part !== failing).map(({ part }) => part);
        for (const part of answered) parts[part]?.settle(rowsOf([[0, 0]], part));
        parts[failing]?.fail(FAILED);
        expect(new Set(abandoned)).toEqual(
          new Set(parts.filter((_, part) => part !== failing && !answered.includes(part))),
        );
        expect(abandoned).toHaveLength(new Set(abandoned).size);
        const given = abandoned.length;
        expect(parts.every(({ settled }) => settled)).toBe(true);
        for (const { part, ok } of before) {
          if (ok) parts[part]?.settle(rowsOf([[0, 0]], part));
          else parts[part]?.fail(LEFT);
        }
        submitted.cancel(LEFT);
        expect(abandoned).toHaveLength(given);
        expect(await submitted.outcome).toEqual({ ok: false, error: FAILED });
      }),
    );
  });

  it('gives up every part that is open, the first one too, when its caller leaves', async () => {
    const { submitted, abandoned } = submit({ words: 120, view: allWindows(20) });
    const [, second, ...others] = submitted.parts;
    second?.settle(rowsOf([[0, 0]], 2));
    submitted.cancel(LEFT);
    submitted.cancel(FAILED);
    expect(new Set(abandoned)).toEqual(new Set([submitted.parts[0], ...others]));
    expect(abandoned).toHaveLength(9);
    expect(await submitted.outcome).toEqual({ ok: false, error: LEFT });
  });

  it('keeps its answer when its caller leaves afterwards', async () => {
    const { submitted, abandoned } = submit({ words: 3, view: allWindows(20) });
    submitted.parts[0]?.settle(rowsOf([[0, 0]], 0));
    submitted.cancel(LEFT);
    expect(abandoned).toEqual([]);
    expect(await submitted.outcome).toMatchObject({ ok: true });
  });
});
