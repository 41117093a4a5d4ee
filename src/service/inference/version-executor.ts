import { Injectable } from '@nestjs/common';
import {
  Executor,
  type Computation,
  type InferenceItem,
  type Priority,
} from '../../engine/dispatch/executor.js';
import { PipelineVersions } from './pipeline-versions.js';
import { PoolExecutor } from './pool-executor.js';

const hasPipeline = ({ version }: InferenceItem): boolean => version.manifest.pipeline !== undefined;

/** The executor of the service: texts of a version with a network go to the pool, others to the version's pipeline. */
@Injectable()
export class VersionExecutor extends Executor {
  constructor(
    private readonly pool: PoolExecutor,
    private readonly pipelines: PipelineVersions,
  ) {
    super();
  }

  /** A pipeline's time is not known before it runs. */
  override aloneMs(items: readonly InferenceItem[]): number {
    return this.pool.aloneMs(items.filter((item) => !hasPipeline(item)));
  }

  override submit(items: readonly InferenceItem[], priority: Priority = 'user'): Computation[] {
    if (!items.some(hasPipeline)) return this.pool.submit(items, priority);
    // Nothing starts before everything is admitted.
    for (const item of items) if (hasPipeline(item)) this.pipelines.assertOpen(item.version);
    const ofPool = this.pool.submit(
      items.filter((item) => !hasPipeline(item)),
      priority,
    );
    let next = 0;
    return items.map((item) => {
      const computation = hasPipeline(item) ? this.pipelines.run(item, priority) : ofPool[next++];
      if (computation === undefined) throw new Error('The pool answered too few computations.');
      return computation;
    });
  }
}
