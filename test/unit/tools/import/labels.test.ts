import { describe, expect, it } from 'vitest';
import { decideLabels, type LabelChoices } from '../../../../src/tools/import/labels-and-task.js';
import type { ExportedConfig } from '../../../../src/tools/import/exported-config.js';

type Config = Pick<ExportedConfig, 'problemType' | 'labels'>;

const SINGLE: Config = { problemType: 'single_label_classification', labels: null };
const decide = (config: Partial<Config>, width: number | null, chosen: Partial<LabelChoices> = {}) =>
  decideLabels({ ...SINGLE, ...config }, width, { labels: null, task: null, ...chosen });
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `LABEL_${i}`);

describe('labels that nobody named', () => {
  it('are LABEL_0 and LABEL_1 where config.json names none for two logits, as in Python', () => {
    expect(decide({}, 2)).toEqual({
      task: 'text-classification',
      labels: ['LABEL_0', 'LABEL_1'],
      notes: [
        expect.stringMatching(
          /^the labels are called LABEL_0, LABEL_1, as nobody named them: .*--labels A,B/,
        ),
      ],
    });
    expect(decide({ problemType: 'multi_label_classification' }, 2).labels).toEqual(['LABEL_0', 'LABEL_1']);
    // Python has two without id2label: with three the files are of different models.
    expect(() => decide({}, 3)).toThrow(
      /config\.json names no labels \(id2label\): name them in their order/,
    );
  });

  it('are told by their number when they are many', () => {
    expect(decide({ labels: numbered(3) }, 3).notes).toEqual([
      expect.stringMatching(/^the labels are called LABEL_0, LABEL_1, LABEL_2, as nobody/),
    ]);
    expect(decide({ labels: numbered(150) }, 150).notes).toEqual([
      expect.stringMatching(/^the 150 labels are called LABEL_0 to LABEL_149, as nobody named them: /),
    ]);
  });
});

describe('labels are refused, with what to type,', () => {
  it.each(['bad\nvery', 'bad\u0000', 'bad\u0085very', 'bad\u2028very', '\ud83d', 'tab\there'])(
    'with a character that breaks a line or cannot be printed: %j',
    (label) => {
      const message = `The label ${JSON.stringify(label)} has a control character`;
      expect(() => decide({ labels: ['good', label] }, 2)).toThrow(message);
      expect(() => decide({}, 2, { labels: ['good', label] })).toThrow(message);
    },
  );

  it('but not for an emoji, a space or another script', () => {
    expect(decide({ labels: ['\u{1f469}\u200d\u{1f467} family', 'très bien', '好'] }, 3).labels).toHaveLength(
      3,
    );
  });

  it('when there is one logit for several of them', () => {
    expect(() => decide({ problemType: 'multi_label_classification', labels: ['LABEL_0'] }, 1)).toThrow(
      /multi-label-classification does not fit a model that answers one logit per text: .*type --task binary-classification --labels NO,YES\.$/,
    );
    expect(() => decide({ problemType: null, labels: ['a', 'b', 'c'] }, 1)).toThrow(
      /say --task binary-classification --labels NO,YES\.$/,
    );
    expect(() => decide({ labels: ['a', 'b', 'c'] }, 1, { task: 'binary-classification' })).toThrow(
      /has 3 labels, but the model answers 1 logit per text, which is a score for two labels: name them with --labels NO,YES\.$/,
    );
    expect(() => decide({ labels: ['a', 'b'] }, 2, { task: 'binary-classification' })).toThrow(
      /does not fit 2 logits per text: type --task text-classification .* or --task multi-label-classification/,
    );
  });
});

it('numbers of a regression are no labels, unless that is said', () => {
  const regression = { problemType: 'regression', labels: ['LABEL_0'] };
  expect(() => decide(regression, 1)).toThrow(
    /as a regression does, .*say --task binary-classification --labels NO,YES/,
  );
  expect(() => decide({ ...regression, labels: ['a', 'b'] }, 2)).toThrow(
    /its 2 numbers are no scores of labels/,
  );
  expect(decide(regression, 1, { task: 'binary-classification', labels: ['no', 'yes'] }).labels).toEqual([
    'no',
    'yes',
  ]);
});
