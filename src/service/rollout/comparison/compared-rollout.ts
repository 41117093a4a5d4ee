import type { RolloutEvidence, Side } from '../../../rollout/evidence/rollout-evidence.js';
import type { AnswerPair, SideAnswer } from '../../../rollout/evidence/record.js';
import type { ComparisonConfig } from '../../../base/config/rollout-config.js';
import type { ModelVersion } from '../../../registry/model-version.js';
import { factsOf, taskOf } from '../../../engine/tasks/table.js';
import type { Answer, Comparer } from '../../../engine/tasks/task.js';
import { RememberedPairs } from './remembered-pairs.js';
import { StepFloor } from './step-floor.js';
import { WorkBudget } from './work-budget.js';

export type Sides<T> = Readonly<Record<Side, T>>;

export const otherSide = (side: Side): Side => (side === 'canary' ? 'stable' : 'canary');

const NEITHER: readonly Side[] = [];
const STABLE: readonly Side[] = ['stable'];
const CANARY: readonly Side[] = ['canary'];
const BOTH: readonly Side[] = ['stable', 'canary'];

/** The settings of the comparison; they may change during a rollout. */
export interface ComparisonLimits {
  /** In shadow mode users get only the stable version, so its answers are compared. */
  readonly shadow: boolean;
  readonly comparison: ComparisonConfig;
}

/**
 * One rollout as the comparison uses it. The evidence counts labels by their index in the combined list of both
 * versions' labels, the stable version's first: two versions may list the same labels in different orders.
 */
export class ComparedRollout {
  readonly remembered = new RememberedPairs();
  readonly budget = new WorkBudget(performance.now());
  /** Hashes of the texts that the other version is computing now, so that no text is computed twice at once. */
  readonly underway = new Set<bigint>();
  private readonly comparer: Comparer;
  private currentFloor = new StepFloor(0);

  constructor(
    readonly rolloutId: string,
    readonly evidence: RolloutEvidence,
    readonly versions: Sides<ModelVersion>,
    public limits: ComparisonLimits,
    private readonly minimumSamples: number,
  ) {
    const { stable, canary } = versions;
    this.comparer = taskOf(stable).pair(factsOf(stable), factsOf(canary));
  }

  /** The side whose answers to users are compared. */
  get comparedSide(): Side {
    return this.limits.shadow ? 'stable' : 'canary';
  }

  /** Whether the configuration wants any comparison: a sample or a budget of 0 switches it off. */
  get isCompared(): boolean {
    const { samplePercent, budgetPercent } = this.limits.comparison;
    return samplePercent > 0 && budgetPercent > 0;
  }

  /** The floor of the current step. */
  get floor(): StepFloor {
    const { visit } = this.evidence;
    if (this.currentFloor.visit !== visit) this.currentFloor = new StepFloor(visit);
    return this.currentFloor;
  }

  /** Whether this process has compared as many distinct texts as the rollout needs to be judged. */
  get hasEnoughPairs(): boolean {
    return this.evidence.windows(this.evidence.visit).total.pairs.pairs >= this.minimumSamples;
  }

  /**
   * The sides whose candidates have the model of this version: none, one, or both when two policies share a model.
   * Versions are compared by digest: another version under the same name is neither side.
   */
  sidesOf({ digest }: ModelVersion): readonly Side[] {
    const isStable = digest === this.versions.stable.digest;
    if (digest === this.versions.canary.digest) return isStable ? BOTH : CANARY;
    return isStable ? STABLE : NEITHER;
  }

  /** One version's answer, in the label indices of the evidence; null when it failed. */
  answerOf(side: Side, answer: Answer | null): SideAnswer {
    if (answer === null) return null;
    const { value } = answer;
    return { said: this.comparer.said(side, value), score: this.comparer.score(value) };
  }

  /** Both versions' answers as a pair; a failed answer is null. */
  pairOf({ stable, canary }: Sides<Answer | null>): AnswerPair {
    const isWhole = stable !== null && canary !== null;
    return {
      stable: this.answerOf('stable', stable),
      canary: this.answerOf('canary', canary),
      difference: isWhole ? this.comparer.differ(stable.value, canary.value) : null,
    };
  }
}
