import { Injectable } from '@nestjs/common';
import type { ComparisonConfig } from '../../../base/config/rollout-config.js';
import { RoleTable } from '../../model-registry/role-table.js';
import { audit } from '../../observability/audit.js';
import { RolloutMetrics } from '../../observability/rollout-metrics.js';
import { CanaryService, type LiveSplit } from '../../canary/canary.service.js';
import type {
  RolloutDocument,
  RolloutMove,
  ShareDecision,
  VersionRef,
} from '../../../rollout/rollout-types.js';
import { RolloutVersions } from '../rollout-versions.js';

/** Called after a move is in force, with the state before it; undefined when that is not known. */
export type MoveListener = (
  document: RolloutDocument,
  move: RolloutMove,
  before: RolloutDocument | undefined,
) => void;

/** The digest names a version; the rest of a split are plain values. */
const isSame = (a: LiveSplit, b: LiveSplit | undefined): boolean =>
  JSON.stringify({ ...a, canary: a.canary?.key }) === JSON.stringify({ ...b, canary: b?.canary?.key });

/** Carries a rollout's state out: to the split, the roles, the metrics, the audit log, and whoever listens. */
@Injectable()
export class RolloutEffects {
  private readonly listeners = new Set<MoveListener>();
  /** What is in force, by model. */
  private readonly applied = new Map<string, RolloutDocument>();
  /**
   * The last move of each model that is known already. Its time tells it from another one of the same revision, which
   * is there when what was refused has been written after all.
   */
  private readonly told = new Map<string, Pick<RolloutMove, 'revision' | 'at'>>();

  constructor(
    private readonly canary: CanaryService,
    private readonly roles: RoleTable,
    private readonly versions: RolloutVersions,
    private readonly metrics: RolloutMetrics,
  ) {
    metrics.setInFlightSource(
      () => new Map([...this.applied].map(([model, document]) => [model, this.inFlight(document)])),
    );
  }

  /**
   * In force for the very next request once it returns.
   * @param verdict what the gates say; empty while there is nothing to judge
   */
  apply(
    document: RolloutDocument,
    { percent, decided_by: decidedBy }: ShareDecision,
    verdict: string,
    comparison: ComparisonConfig,
  ): void {
    const { model, phase, mode, canary, stable, last_good: lastGood, rollout_id: rolloutId } = document;
    const before = this.applied.get(model);
    this.applied.set(model, document);
    const version = this.versions.find(model, canary);
    const shadow = mode === 'shadow' && (phase === 'running' || phase === 'paused');
    const isLive = document.revision > 0 && decidedBy !== 'canary_percent_0';
    const split = { rolloutId, canary: version, percent, shadow: shadow && isLive, comparison };
    if (!isSame(split, this.canary.split(model))) this.canary.setSplit(model, split);
    const answering = this.answering(model, stable);
    const roles = {
      stable: answering,
      canary: canary === null || canary.version === answering ? null : canary.version,
      lastGood: lastGood?.version ?? null,
      share: percent,
      shadow: split.shadow,
    };
    if (JSON.stringify(roles) !== JSON.stringify(this.roles.of(model))) this.roles.set(model, roles);
    this.metrics.observe({ model, canary: canary?.version ?? '', percent, phase, verdict });
    this.tell(document, before);
  }

  /** The moves until here were told by an earlier process. */
  skip({ model, history }: RolloutDocument): void {
    const last = history.at(-1);
    if (last !== undefined) this.told.set(model, last);
  }

  /** What is in force, of every model. */
  documents(): RolloutDocument[] {
    return [...this.applied.values()];
  }

  /** The version that answers because the stable one is not ready in this process; null when it is. */
  standIn({ model, stable }: RolloutDocument): string | null {
    const now = this.roles.stable(model) ?? stable.version;
    return now === stable.version ? null : now;
  }

  /** Texts that the canary of a model, or the version that was rolled back last, is answering. */
  inFlight({ model, canary }: RolloutDocument): number {
    const version = this.versions.find(model, canary);
    return version === null ? 0 : this.canary.inFlight(version);
  }

  /** @returns how to stop listening */
  onMove(listener: MoveListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /**
   * The stable version, once it is ready: another replica may have promoted one that is still being loaded here. Until
   * then whoever answers goes on answering.
   */
  private answering(model: string, stable: VersionRef): string {
    const now = this.roles.stable(model);
    if (now === undefined || now === stable.version) return stable.version;
    const wanted = this.versions.view(model, stable);
    const current = this.versions.stateOf(model, now);
    return wanted?.state !== 'ready' && current === 'ready' ? now : stable.version;
  }

  private tell(document: RolloutDocument, before: RolloutDocument | undefined): void {
    const { model, history } = document;
    const known = this.told.get(model);
    const last = history.at(-1);
    if (last === undefined) return;
    // A replica that joins was not there when the others made the moves before.
    const isNews = ({ revision, at }: RolloutMove): boolean =>
      known === undefined
        ? revision === last.revision
        : revision > known.revision || (revision === known.revision && at !== known.at);
    const news = history.filter(isNews);
    if (news.length === 0) return;
    this.told.set(model, last);
    for (const move of news) {
      const { from, to, cause, forced } = move;
      audit(`rollout.${move.move}`, {
        model,
        revision: move.revision,
        from,
        to,
        by: cause.by,
        cause: cause.detail,
        forced,
        request_id: cause.request_id,
      });
      this.metrics.moved(model, move.move, cause.by);
      for (const listener of this.listeners) listener(document, move, before);
    }
  }
}
