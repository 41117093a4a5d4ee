import { Injectable } from '@nestjs/common';
import { EvidenceBook } from './evidence/evidence-book.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import { RolloutEffects } from './effects/rollout-effects.js';
import { RolloutJudge } from './rollout-judge.js';
import type { MoveContext } from '../../rollout/rollout-machine.js';
import type { MoveCause, RolloutDocument } from '../../rollout/rollout-types.js';
import { RolloutVersions } from './rollout-versions.js';
import type { Beginning, FileWish, Verdict as Decided } from '../../rollout/who-decides.js';

/** What surrounds a rollout's state: the file, the registry, the evidence, and what a move sets in motion. */
@Injectable()
export class RolloutContext {
  constructor(
    readonly configuration: RolloutConfiguration,
    readonly versions: RolloutVersions,
    readonly effects: RolloutEffects,
    readonly judge: RolloutJudge,
    readonly book: EvidenceBook,
  ) {}

  /** @throws Error for a model that the file does not name */
  wishOf(model: string): FileWish {
    const config = this.configuration.of(model);
    if (config === undefined) throw new Error(`There is no rollout of ${model}.`);
    return this.versions.wishOf(model, config);
  }

  /** What a move knows beside the state, at this moment. */
  at(document: RolloutDocument, cause: MoveCause): MoveContext {
    return { at: new Date().toISOString(), cause, figures: this.judge.moveFigures(document) };
  }

  causeOf({ origin, canary, percent }: Beginning): Pick<MoveCause, 'by' | 'detail'> {
    const share = `${canary?.version ?? 'no canary'}, ${String(percent)} %`;
    return origin.by === 'environment'
      ? { by: 'environment', detail: `CANARY_PERCENT: ${share}` }
      : { by: 'configuration', detail: `the rollout section of the file: ${share}` };
  }

  /** The beginning, at 0 % when the canary has no right to traffic. */
  allowed(model: string, wish: Beginning): Beginning {
    const isAllowed = wish.canary === null || this.versions.isAccepted(model, wish.canary);
    return isAllowed ? wish : { ...wish, percent: 0, mode: 'manual' };
  }

  /** Whether the canary is doing what its step is there for: only then its time counts. */
  isServing({ phase, mode, model, canary }: RolloutDocument, { decision }: Decided): boolean {
    const version = this.versions.find(model, canary);
    if (phase !== 'running' || version === null || !this.versions.isReady(version)) return false;
    return decision.percent > 0 || (mode === 'shadow' && decision.decided_by !== 'canary_percent_0');
  }
}
