import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import type { Computation, InferenceItem, Priority } from '../../engine/dispatch/executor.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { Answers } from '../answers/answers.js';
import { PipelineVersions, type PipelineRunner } from '../inference/pipeline-versions.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { Pipeline } from './pipeline.js';
import { PipelineRun } from './pipeline-run.js';

/** What a run has for a client whose text came without one. */
const NO_CLIENT = 'internal';

/** Every pipeline that a manifest may name. They add themselves, in their constructors: versions load soon after. */
@Injectable()
export class Pipelines implements PipelineRunner {
  private readonly byName = new Map<string, Pipeline>();

  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly registry: ModelRegistryService,
    private readonly answers: Answers,
    versions: PipelineVersions,
  ) {
    versions.bind(this);
  }

  /** @throws Error when there is one of this name */
  add(pipeline: Pipeline): void {
    if (this.byName.has(pipeline.name)) throw new Error(`There are two pipelines ${pipeline.name}.`);
    this.byName.set(pipeline.name, pipeline);
  }

  find(name: string): Pipeline | undefined {
    return this.byName.get(name);
  }

  names(): readonly string[] {
    return [...this.byName.keys()];
  }

  run(item: InferenceItem, priority: Priority): Computation {
    const { version } = item;
    const pipeline = this.find(version.manifest.pipeline ?? '');
    if (pipeline === undefined) throw new Error(`${version.key} was loaded without its pipeline.`);
    const turn = {
      client: item.client ?? NO_CLIENT,
      origin: item.origin ?? 'internal',
      priority: item.priority ?? priority,
      deadlineAt: item.deadlineAt ?? performance.now() + this.config.requestTimeoutMs,
    };
    return new PipelineRun(pipeline, item, turn, this.answers, (name) => this.used(version, name));
  }

  private used({ key, manifest: { uses = {} } }: ModelVersion, name: string): ModelVersion {
    const bound = Object.hasOwn(uses, name) ? uses[name] : undefined;
    if (bound === undefined) throw new Error(`The manifest of ${key} binds no version to ${name}.`);
    const version = this.registry.versionOf(bound.model, bound);
    if (version !== undefined) return version;
    throw new AppError('VERSION_NOT_READY', `The version ${bound.version} of ${bound.model} is not loaded.`);
  }
}
