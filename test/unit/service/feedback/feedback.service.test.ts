import { describe, expect, it } from 'vitest';
import type { SerinConfig } from '../../../../src/base/config/serin-config.js';
import type { TaskName } from '../../../../src/registry/tasks.js';
import type { Feedback } from '../../../../src/rollout/evidence/record.js';
import { AnswerObservers } from '../../../../src/service/answers/answer-observers.js';
import { AnsweredTexts } from '../../../../src/service/feedback/answered-texts.js';
import { FeedbackService } from '../../../../src/service/feedback/feedback.service.js';
import type { FeedbackMetrics } from '../../../../src/service/observability/feedback-metrics.js';
import type { Caller } from '../../../../src/service/request/caller.js';
import type { EvidenceBook } from '../../../../src/service/rollout/evidence/evidence-book.js';
import { answerOf, labelVersion } from '../../../support/label-versions.js';

const LABELS = ['INSULT', 'THREAT', 'SPAM'];
const CONFIG = { feedbackMaxRequests: 100, feedbackTtlMs: 60_000 } as SerinConfig;

/** The service with the memory of answers that it has in production; what it counts is noted. */
class Told {
  readonly counted: boolean[] = [];
  readonly evidence: Feedback[] = [];
  private readonly observers = new AnswerObservers();
  private readonly service: FeedbackService;

  constructor(private readonly task: TaskName) {
    const answered = new AnsweredTexts(this.observers, CONFIG);
    answered.onModuleInit();
    const evidence = { addFeedback: (_: unknown, feedback: Feedback) => this.evidence.push(feedback) };
    const book = { open: () => ({ rolloutId: 'r1', evidence }) } as unknown as EvidenceBook;
    const metrics = {
      label: (_model: string, _version: string, correct: boolean) => this.counted.push(correct),
      kpi: () => undefined,
    } as unknown as FeedbackMetrics;
    this.service = new FeedbackService(answered, book, metrics);
  }

  /** A user's text is answered with these scores, as the canary of the rollout does it. */
  answer(requestId: string, ...scores: number[]): void {
    this.answerTo(requestId, requestId, scores);
  }

  answerTo(text: string, requestId: string, scores: readonly number[]): void {
    const version = labelVersion({ task: this.task, labels: LABELS });
    this.observers.tell(
      {
        ok: true,
        item: { version, text, index: null, picked: { version, role: 'canary', rolloutId: 'r1' } },
        answer: answerOf(...scores),
      } as unknown as Parameters<AnswerObservers['tell']>[0],
      { requestId } as Caller,
    );
  }

  /** Whether the answer was right, when this label is the truth about its text. */
  tell(requestId: string, label: string, client = 'key:shop', kpi?: number): boolean | undefined {
    const before = this.counted.length;
    this.service.tell({ requestId, index: null, label, kpi, client });
    return this.counted[before];
  }

  /** Tells all labels that the text should have. */
  tellAll(requestId: string, labels: readonly string[], label?: string): void {
    this.service.tell({ requestId, index: null, label, labels, client: 'key:shop' });
  }
}

describe('the truth about a text', () => {
  it('is in the answer when it is one of the labels that the text was given', () => {
    const told = new Told('multi-label-classification');
    for (const label of LABELS) told.answer(label, 0.6, 0.9, 0.4);
    // The second label has the highest score; the first one was given too.
    expect(LABELS.map((label) => told.tell(label, label))).toEqual([true, true, false]);
    expect(told.evidence).toEqual([{ correct: true }, { correct: true }, { correct: false }]);
  });

  it('is not in an answer that gave the text no label', () => {
    const told = new Told('multi-label-classification');
    told.answer('none', 0.4, 0.3, 0.1);
    expect(told.tell('none', 'INSULT')).toBe(false);
  });

  it('is in the answer of a task of one label only when it is the best', () => {
    const told = new Told('text-classification');
    for (const label of LABELS) told.answer(label, 0.35, 0.4, 0.25);
    expect(LABELS.map((label) => told.tell(label, label))).toEqual([false, true, false]);
  });

  it('is told once about an answer of several labels: a second label of it does not count', () => {
    const told = new Told('multi-label-classification');
    told.answer('both', 0.8, 0.9, 0.1);
    expect(told.tell('both', 'SPAM')).toBe(false);
    expect(told.tell('both', 'THREAT')).toBeUndefined();
    expect(told.counted).toEqual([false]);
  });

  it('may be all labels of a text, and then the answer must have exactly these', () => {
    const told = new Told('multi-label-classification');
    const truths = [['THREAT', 'INSULT'], ['INSULT'], ['INSULT', 'THREAT', 'SPAM'], []];
    truths.forEach((_, i) => {
      told.answer(String(i), 0.8, 0.9, 0.1);
    });
    truths.forEach((labels, i) => {
      told.tellAll(String(i), labels);
    });
    expect(told.counted).toEqual([true, false, false, false]);
    told.answer('harmless', 0.1, 0.2, 0.1);
    told.tellAll('harmless', []);
    expect(told.counted.at(-1)).toBe(true);
  });

  it('is one label where a text has exactly one', () => {
    const told = new Told('text-classification');
    told.answer('a', 0.1, 0.2, 0.7);
    expect(() => {
      told.tellAll('a', []);
    }).toThrow('labels must name exactly one label: this model gives each text one');
    expect(() => {
      told.tellAll('a', ['PRAISE']);
    }).toThrow('labels must be one of INSULT, THREAT, SPAM.');
    expect(() => {
      told.tellAll('a', ['SPAM'], 'SPAM');
    }).toThrow('labels and label exclude each other');
    told.tellAll('a', ['SPAM']);
    expect(told.counted).toEqual([true]);
  });

  it('is refused when it is no label of the version', () => {
    const told = new Told('multi-label-classification');
    told.answer('known', 0.8, 0.9, 0.1);
    expect(() => told.tell('known', 'PRAISE')).toThrow('label must be one of INSULT, THREAT, SPAM.');
  });
});

describe('the evidence', () => {
  /** Answers so many requests about one text, and gets an opinion of the client about each. */
  function tellOften(told: Told, text: string, client: string, times: number): void {
    for (let i = 0; i < times; i++) {
      const requestId = `${text} ${client} ${String(i)}`;
      told.answerTo(text, requestId, [0.1, 0.1, 0.8]);
      told.tell(requestId, 'INSULT', client, i);
    }
  }

  it('has one voice per distinct text and client, for labels and for kpis', () => {
    const told = new Told('text-classification');
    tellOften(told, 'one text', 'key:shop', 45);
    expect(told.evidence.filter(({ correct }) => correct !== undefined)).toEqual([
      { correct: false, kpi: 0 },
    ]);
    expect(told.evidence.filter(({ kpi }) => kpi !== undefined)).toHaveLength(1);
    tellOften(told, 'one text', 'key:forum', 3);
    tellOften(told, 'another text', 'key:shop', 3);
    expect(told.evidence.filter(({ correct }) => correct === false)).toHaveLength(3);
    // Each answer has its feedback all the same: the metrics show what clients say.
    expect(told.counted).toHaveLength(51);
  });

  it('takes a label and a kpi about one text that come apart', () => {
    const told = new Told('text-classification');
    told.answerTo('one text', 'first', [0.1, 0.1, 0.8]);
    told.answerTo('one text', 'second', [0.1, 0.1, 0.8]);
    told.tell('first', 'SPAM');
    told.tell('second', 'SPAM', 'key:shop', 5);
    expect(told.evidence).toEqual([{ correct: true }, { kpi: 5 }]);
  });
});
