import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { CacheOutcome } from '../cache/prediction-cache.js';
import type { PickedVersion } from '../canary/canary.service.js';
import type { SideAnswer } from '../../rollout/evidence/record.js';
import type { Side } from '../../rollout/evidence/rollout-evidence.js';
import { AnsweredTexts } from '../feedback/answered-texts.js';
import { InferencePoolStatus } from '../inference/pool-status.js';
import { Metrics } from '../observability/metrics.js';
import type { RequestContext } from '../request/request-context.js';
import { isToBlame } from '../rollout/comparison/blame.js';
import type { ComparedRollout } from '../rollout/comparison/compared-rollout.js';
import { ComparedRollouts } from '../rollout/comparison/compared-rollouts.js';
import { Comparison } from '../rollout/comparison/comparison.js';
import { indexOfBest } from '../../engine/text-answer.js';

/** One text of a user, with what became of it. */
export interface RecordedText {
  readonly picked: PickedVersion;
  readonly text: string;
  /** Its place in a batch; null for the one text of /predict. */
  readonly index: number | null;
  readonly outcome: CacheOutcome;
}

/**
 * What an answered text leaves behind: a metric, its name for later feedback, and, in a rollout, an outcome of its
 * version and perhaps a comparison with the other one. Without a rollout the latter cost one look at a field.
 */
@Injectable()
export class AnswerRecorder implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly answered: AnsweredTexts,
    private readonly rollouts: ComparedRollouts,
    private readonly comparison: Comparison,
    private readonly pool: InferencePoolStatus,
  ) {}

  onModuleInit(): void {
    this.pool.onRun((version, run) => {
      this.rollouts.addRun(version, run);
    });
    this.pool.onLoss((version) => {
      this.rollouts.addLoss(version);
    });
  }

  /** To be called when the text's outcome is known, before its user is answered. */
  record(recorded: RecordedText, context: RequestContext): void {
    const { picked, index, outcome } = recorded;
    const { version, role, rolloutId } = picked;
    const side = rolloutId === null || role === 'pinned' ? null : role;
    if (outcome.ok) {
      this.metrics.observeText(version.model, version.version, outcome.row.truncated);
      const rollout = rolloutId === null || side === null ? null : { id: rolloutId, side };
      const label = indexOfBest(outcome.row.scores);
      this.answered.keep(context.requestId, index, { source: { version, rollout }, label });
    }
    if (side !== null) this.recordEvidence(recorded, side, context);
  }

  private recordEvidence(
    { picked, text, index, outcome }: RecordedText,
    side: Side,
    context: RequestContext,
  ): void {
    const rollout = this.rollouts.find(picked.version.model);
    if (rollout?.rolloutId !== picked.rolloutId) return;
    const answer = answerIn(rollout, side, outcome);
    if (answer === undefined) return;
    // What came from a cache says nothing about how fast a version is, and a batch is as slow as its slowest text.
    const isTimed = index === null && outcome.ok && outcome.inference !== null;
    const latencyMs = isTimed ? context.elapsedMs() : null;
    rollout.evidence.addOutcome(side, { label: answer?.label ?? null, latencyMs });
    if (side === rollout.comparedSide) this.comparison.offer({ rollout, side, text, answer });
  }
}

/** Null: it failed through the version's fault; undefined: it failed for another reason, which is no evidence. */
function answerIn(rollout: ComparedRollout, side: Side, outcome: CacheOutcome): SideAnswer | undefined {
  if (outcome.ok) return rollout.answerOf(side, outcome.row.scores);
  return isToBlame(outcome.error.code) ? null : undefined;
}
