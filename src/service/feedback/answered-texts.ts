import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Side } from '../../rollout/evidence/rollout-evidence.js';
import { textHash } from '../../rollout/evidence/seen-texts.js';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { saidBy } from '../../engine/tasks/table.js';
import { type AnswerObserver, AnswerObservers } from '../answers/answer-observers.js';
import type { PickedAsk } from '../answers/ask.js';
import type { CacheOutcome } from '../cache/prediction-cache.js';
import type { Caller } from '../request/caller.js';
import { AnsweredRing, type AnsweredBy, type Told } from './answered-ring.js';

/** The version that gave an answer, and the rollout that picked it. */
export interface AnswerSource {
  readonly version: ModelVersion;
  /** Null for an answer that is no evidence: from a pinned version, or without a rollout. */
  readonly rollout: { readonly id: string; readonly side: Side } | null;
}

/** Most shared source objects: the versions of a few models before and after a step. */
const MAX_SOURCES = 16;

const isSame = (a: AnswerSource, b: AnswerSource): boolean =>
  a.version === b.version && a.rollout?.id === b.rollout?.id && a.rollout?.side === b.rollout?.side;

/** The name of one text. A request id contains no `#`, so names of batch texts are unique. */
const nameOf = (requestId: string, index: number | null): string =>
  index === null ? requestId : `${requestId}#${String(index)}`;

/** Remembers the answers for which feedback is accepted: those of the last FEEDBACK_MAX_REQUESTS texts. */
@Injectable()
export class AnsweredTexts implements AnswerObserver, OnModuleInit {
  readonly maxAnswers: number;
  readonly ttlMs: number;
  private ring: AnsweredRing<AnswerSource> | undefined;
  private sources: AnswerSource[] = [];

  constructor(
    private readonly answers: AnswerObservers,
    @Inject(SERIN_CONFIG) { feedbackMaxRequests, feedbackTtlMs }: SerinConfig,
  ) {
    this.maxAnswers = feedbackMaxRequests;
    this.ttlMs = feedbackTtlMs;
  }

  onModuleInit(): void {
    if (this.maxAnswers > 0) this.answers.add(this);
  }

  answered(outcome: CacheOutcome<PickedAsk>, { requestId }: Caller): void {
    if (!outcome.ok) return;
    const { picked, text, index } = outcome.item;
    const { version, role, rolloutId } = picked;
    const rollout = rolloutId === null || role === 'pinned' ? null : { id: rolloutId, side: role };
    const said = saidBy(version, outcome.answer.value);
    const hash = rollout === null ? 0n : textHash(text);
    this.keep(requestId, index, { source: { version, rollout }, said, textHash: hash });
  }

  /**
   * @param index the text's place in its batch; null for the one text of /predict
   */
  private keep(requestId: string, index: number | null, answer: AnsweredBy<AnswerSource>): void {
    this.ring ??= new AnsweredRing(this.maxAnswers, this.ttlMs);
    const source = this.shared(answer.source);
    this.ring.keep(nameOf(requestId, index), { ...answer, source }, performance.now());
  }

  find(requestId: string, index: number | null): AnsweredBy<AnswerSource> | undefined {
    return this.ring?.find(nameOf(requestId, index), performance.now());
  }

  /** Records that a label or a kpi has arrived; true when it is the first for this answer. */
  tell(requestId: string, index: number | null, what: Told): boolean {
    return this.ring?.tell(nameOf(requestId, index), what, performance.now()) ?? false;
  }

  /** Returns one shared object for equal sources, so that each answer stores only a reference. */
  private shared(source: AnswerSource): AnswerSource {
    const known = this.sources.find((each) => isSame(each, source));
    if (known !== undefined) return known;
    this.sources = [source, ...this.sources.slice(0, MAX_SOURCES - 1)];
    return source;
  }
}
