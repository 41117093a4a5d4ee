import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { CacheOutcome } from '../../cache/prediction-cache.js';
import type { Answer } from '../../../engine/tasks/task.js';
import { type AnswerObserver, AnswerObservers } from '../../answers/answer-observers.js';
import type { PickedAsk } from '../../answers/ask.js';
import { InferencePoolStatus } from '../../inference/pool-status.js';
import type { Caller } from '../../request/caller.js';
import { isToBlame } from './blame.js';
import { ComparedRollouts } from './compared-rollouts.js';
import { Comparison } from './comparison.js';

/**
 * Records a rollout's evidence from the answers to users: each outcome counts for its version, and may be compared with
 * the other version's answer. Without a rollout this costs one check of a field per answer.
 */
@Injectable()
export class EvidenceRecorder implements AnswerObserver, OnModuleInit {
  constructor(
    private readonly rollouts: ComparedRollouts,
    private readonly comparison: Comparison,
    private readonly pool: InferencePoolStatus,
    private readonly answers: AnswerObservers,
  ) {}

  onModuleInit(): void {
    this.answers.add(this);
    this.pool.onRun((version, run) => {
      this.rollouts.addRun(version, run);
    });
    this.pool.onLoss((version) => {
      this.rollouts.addLoss(version);
    });
  }

  answered(outcome: CacheOutcome<PickedAsk>, caller: Caller): void {
    const { picked, text, index } = outcome.item;
    const { version, role, rolloutId } = picked;
    if (rolloutId === null || role === 'pinned') return;
    const rollout = this.rollouts.find(version.model);
    if (rollout?.rolloutId !== rolloutId) return;
    const answer = answerIn(outcome);
    if (answer === undefined) return;
    // An answer from a cache does not measure the version's speed, and a text of a batch waits for the slowest text.
    const isTimed = index === null && outcome.ok && outcome.inference !== null;
    const latencyMs = isTimed ? performance.now() - caller.startedAt : null;
    rollout.evidence.addOutcome(role, { said: rollout.answerOf(role, answer)?.said ?? null, latencyMs });
    if (role === rollout.comparedSide) this.comparison.offer({ rollout, side: role, text, answer });
  }
}

/**
 * The answer of an outcome; null when it failed because of the version; undefined when it failed for another reason,
 * which is no evidence.
 */
function answerIn(outcome: CacheOutcome): Answer | null | undefined {
  if (outcome.ok) return outcome.answer;
  return isToBlame(outcome.error.code) ? null : undefined;
}
