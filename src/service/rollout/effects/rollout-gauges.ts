import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RolloutInForce } from '../../../rollout/rollout-in-force.js';
import { CanaryService } from '../../canary/canary.service.js';
import { RolloutsInForce } from '../../in-force/rollouts-in-force.js';
import { RolloutMetrics } from '../../observability/rollout-metrics.js';

/** Exports the rollouts in force as metrics. */
@Injectable()
export class RolloutGauges implements OnModuleInit {
  constructor(
    private readonly inForce: RolloutsInForce,
    private readonly canary: CanaryService,
    private readonly metrics: RolloutMetrics,
  ) {}

  onModuleInit(): void {
    for (const now of this.inForce.all()) this.show(now);
    this.inForce.subscribe((now) => {
      this.show(now);
    });
    this.metrics.setInFlightSource(
      () => new Map(this.inForce.all().map((now) => [now.model, this.inFlight(now)])),
    );
  }

  private show({ model, canary, percent, phase }: RolloutInForce): void {
    this.metrics.observe({ model, canary: canary?.version.version ?? '', percent, phase });
  }

  private inFlight({ model, canary }: RolloutInForce): number {
    return canary === null ? 0 : this.canary.inFlight(model, canary);
  }
}
