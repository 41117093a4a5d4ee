import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  rankedLabels,
  sameLabels,
  topLabel,
  type Classified,
} from '../../../../src/engine/tasks/classified.js';
import { factsOf, saidBy, taskNamed, taskOf } from '../../../../src/engine/tasks/table.js';
import type { VersionFacts } from '../../../../src/engine/tasks/task.js';
import type { TaskName } from '../../../../src/registry/tasks.js';
import { answerOf, labelVersion } from '../../../support/label-versions.js';

describe('the labels that a text gets', () => {
  const facts = (labels: readonly string[], thresholds: readonly number[] | null = null): VersionFacts => ({
    labels,
    thresholds,
    maxTokens: null,
  });
  const value = (...scores: number[]): Classified => ({ scores });
  const MULTI = taskNamed('multi-label-classification');

  it('are one where the task gives one: the top label, as before', () => {
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    const names = ['A', 'B', 'C'];
    const order = fc.shuffledSubarray(names, { minLength: 3 });
    const threshold = fc.option(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom<TaskName>('text-classification', 'binary-classification'),
        ...[order, scores, order, scores, threshold],
        (task, ofStable, stable, ofCanary, canary, thresholds) => {
          const comparer = taskNamed(task).pair(facts(ofStable, thresholds), facts(ofCanary, thresholds));
          const top = (labels: readonly string[], all: readonly number[]): string | undefined =>
            labels[all.indexOf(Math.max(...all))];
          const [before, after] = [top(ofStable, stable), top(ofCanary, canary)];
          expect(comparer.labels).toEqual(ofStable);
          expect(comparer.said('stable', value(...stable)).map((place) => comparer.labels[place])).toEqual([
            before,
          ]);
          expect(comparer.said('canary', value(...canary)).map((place) => comparer.labels[place])).toEqual([
            after,
          ]);
          expect(comparer.score(value(...canary))).toBe(Math.max(...canary));
          expect(comparer.differ(value(...stable), value(...canary))).toEqual({
            flip: before !== after,
            distance: Math.max(...canary) - Math.max(...stable),
          });
        },
      ),
    );
  });

  it('are those from the threshold on where there may be several: 0.5 each, or what is given', () => {
    const halves = MULTI.pair(facts(['A', 'B', 'C']), facts(['A', 'B', 'C']));
    expect(halves.said('stable', value(0.5, 0.499, 0.9))).toEqual([0, 2]);
    expect(halves.said('stable', value(0.1, 0.2, 0.3))).toEqual([]);
    expect(halves.said('stable', value(1, 1, 1))).toEqual([0, 1, 2]);
    const given = MULTI.pair(facts(['A', 'B', 'C'], [0.9, 0.25, 0]), facts(['C', 'B', 'A'], [0.9, 0.25, 1]));
    expect(given.said('stable', value(0.899, 0.25, 0))).toEqual([1, 2]);
    expect(given.said('canary', value(0.899, 0.25, 1))).toEqual([0, 1]);
    expect(given.said('canary', value(0.9, 0.2, 0.999))).toEqual([2]);
  });

  it('are places in the labels of both, the stable ones first, ascending', () => {
    const comparer = MULTI.pair(facts(['A', 'B', 'C']), facts(['D', 'C', 'A', 'E']));
    expect(comparer.labels).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(comparer.said('canary', value(0.9, 0.9, 0.9, 0.9))).toEqual([0, 2, 3, 4]);
    expect(comparer.said('canary', value(0, 0.9, 0.9, 0))).toEqual([0, 2]);
    expect(comparer.said('stable', value(0.9, 0, 0.9))).toEqual([0, 2]);
  });

  it('flip as sets', () => {
    const comparer = MULTI.pair(facts(['A', 'B']), facts(['B', 'C', 'A']));
    const flip = (stable: number[], canary: number[]): boolean =>
      comparer.differ(value(...stable), value(...canary)).flip;
    expect(flip([0.9, 0.8], [0.6, 0.1, 0.7])).toBe(false);
    expect(flip([0.9, 0.8], [0.6, 0.6, 0.7])).toBe(true);
    expect(flip([0.9, 0.8], [0.4, 0.1, 0.7])).toBe(true);
    expect(flip([0.9, 0.1], [0.9, 0.1, 0.1])).toBe(true);
    expect(flip([0.1, 0.1], [0.1, 0.1, 0.1])).toBe(false);
    expect(flip([0.1, 0.1], [0.1, 0.5, 0.1])).toBe(true);
  });

  it('flip exactly when the sets of names differ', () => {
    const names = ['A', 'B', 'C', 'D', 'E'];
    const side = fc.shuffledSubarray(names, { minLength: 1 }).chain((labels) => {
      const each = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
        minLength: labels.length,
        maxLength: labels.length,
      });
      return fc.record({
        ...{ labels: fc.constant(labels), thresholds: fc.option(each), scores: each },
        maxTokens: fc.constant(null),
      });
    });
    fc.assert(
      fc.property(side, side, (stable, canary) => {
        const comparer = MULTI.pair(stable, canary);
        const namesOf = ({ labels, thresholds, scores }: typeof stable): string[] =>
          labels.filter((_, k) => (scores[k] ?? 0) >= (thresholds?.[k] ?? 0.5)).sort();
        const saidNames = (of: 'stable' | 'canary', scores: readonly number[]): (string | undefined)[] =>
          comparer.said(of, { scores }).map((place) => comparer.labels[place]);
        expect(saidNames('stable', stable.scores).sort()).toEqual(namesOf(stable));
        expect(saidNames('canary', canary.scores).sort()).toEqual(namesOf(canary));
        const places = comparer.said('canary', canary);
        expect([...places].sort((a, b) => a - b)).toEqual(places);
        const { flip, distance } = comparer.differ(stable, canary);
        expect(flip).toBe(namesOf(stable).join() !== namesOf(canary).join());
        expect(distance).toBe(Math.max(...canary.scores) - Math.max(...stable.scores));
      }),
    );
  });

  it.each(['text-classification', 'multi-label-classification'] as const)(
    'are one object for equal lists, whichever side says them: %s',
    (task) => {
      const comparer = taskNamed(task).pair(facts(['A', 'B', 'C']), facts(['C', 'A']));
      const said = comparer.said('stable', value(0.9, 0.1, 0.2));
      expect(comparer.said('stable', value(0.8, 0.1, 0.4))).toBe(said);
      expect(comparer.said('canary', value(0.1, 0.9))).toBe(said);
      expect(comparer.said('canary', value(0.9, 0.1))).not.toBe(said);
    },
  );

  it('are right also when there are more lists than are kept', () => {
    const labels = Array.from({ length: 13 }, (_, i) => `L${i}`);
    const comparer = MULTI.pair(facts(labels), facts(labels));
    for (let bits = 0; bits < 2 ** 13; bits++) {
      const places = labels.flatMap((_, k) => ((bits >> k) & 1 ? [k] : []));
      expect(comparer.said('stable', value(...labels.map((_, k) => (bits >> k) & 1)))).toEqual(places);
    }
  });

  it('are by their place in the manifest where one version speaks for itself', () => {
    const single = labelVersion({ labels: ['A', 'B', 'C'] });
    const several = labelVersion({ task: 'multi-label-classification', labels: ['A', 'B', 'C'] });
    const other = labelVersion({ task: 'multi-label-classification', labels: ['B'] });
    const all = answerOf(0.6, 0.2, 0.7).value;
    expect(saidBy(single, all)).toEqual([2]);
    expect(saidBy(several, all)).toEqual([0, 2]);
    expect(saidBy(several, all)).toBe(saidBy(several, answerOf(0.9, 0, 0.5).value));
    expect(saidBy(other, answerOf(0.6).value)).toEqual([0]);
    expect(factsOf(several)).toMatchObject({ labels: ['A', 'B', 'C'], thresholds: null });
    expect(taskOf(several)).toBe(MULTI);
  });
});

describe('labels by their scores', () => {
  it('have the first of equals at the top, and rank equal scores in the order of the manifest', () => {
    expect(topLabel({ scores: [0.2, 0.4, 0.4] })).toBe(1);
    expect(rankedLabels({ scores: [0.2, 0.4, 0.1, 0.4, 0.2] })).toEqual([1, 3, 0, 4, 2]);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0.25, 0.5, 1), { minLength: 1, maxLength: 12 }), (scores) => {
        expect(rankedLabels({ scores })[0]).toBe(topLabel({ scores }));
        expect(topLabel({ scores })).toBe((scores as readonly number[]).indexOf(Math.max(...scores)));
      }),
    );
  });

  it('are the same when two ascending lists name the same', () => {
    expect(sameLabels([], [])).toBe(true);
    expect(sameLabels([0, 2], [0, 2])).toBe(true);
    expect(sameLabels([0], [0, 2])).toBe(false);
    expect(sameLabels([0, 2], [0])).toBe(false);
    expect(sameLabels([1], [2])).toBe(false);
  });
});
