import type { Answer } from '../../src/engine/tasks/task.js';
import {
  ModelRegistryService,
  type VersionStatus,
} from '../../src/service/model-registry/model-registry.service.js';
import type { Pipeline, PipelineAsk, UsedAnswers } from '../../src/service/pipelines/pipeline.js';
import type { SliceApp } from './slice-app.js';
import { TempRegistry } from './temp-registry.js';

export const TOKEN = 'let-me-in';

/** Answers the mean of the scores of every version that is bound: each of them has the same labels. */
const TWICE: Pipeline = {
  name: 'mean',
  async run({ version, text, view }: PipelineAsk, answers: UsedAnswers): Promise<Answer> {
    const names = Object.keys(version.manifest.uses ?? {});
    const parts = await Promise.all(
      names.map(async (name): Promise<Answer> => {
        const [result] = await answers.ask(name, [text], view);
        if (result?.ok !== true) throw result?.error ?? new Error('no answer');
        return result.answer;
      }),
    );
    const mean = (label: number): number =>
      parts.reduce((sum, { value }) => sum + (value.scores[label] ?? 0), 0) / parts.length;
    return {
      value: { scores: version.manifest.labels.map((_, label) => mean(label)) },
      tokens: parts.reduce((sum, { tokens }) => sum + tokens, 0),
      truncated: parts.some(({ truncated }) => truncated),
    };
  },
};

/** Fails, as a pipeline with a fault does. */
const BROKEN: Pipeline = { name: 'broken', run: () => Promise.reject(new Error('it broke')) };

/** Answers one score, whatever the labels. */
const SHORT: Pipeline = {
  name: 'short',
  run: () => Promise.resolve({ value: { scores: [1] }, tokens: 1, truncated: false }),
};

/** Asks a version that its manifest does not bind. */
const STRAY: Pipeline = {
  name: 'stray',
  run: async (_, answers) => {
    await answers.ask('v3', ['a version that is not bound']);
    throw new Error('not reached');
  },
};

/** Every pipeline that the service of a test is given. */
export const PIPELINES = [TWICE, BROKEN, SHORT, STRAY];

type Action = 'load' | 'unload';

interface Changed {
  readonly status: number;
}

/** Loads or unloads a version over /admin. */
export const change = async (service: SliceApp, action: Action, version: string): Promise<Changed> => {
  const path = `/admin/models/sentiment/versions/${version}/${action}`;
  const response = await service.post(path, {}, { authorization: `Bearer ${TOKEN}` });
  return { status: response.status, ...((await response.json()) as object) };
};

/** How the registry of a service knows a version. */
export const known = (service: SliceApp, version: string): VersionStatus =>
  service.get(ModelRegistryService).status('sentiment', version);

/** v1 and v2, as shipped, are loaded at the start; v3 is there. */
export function registryWithPipelines(): TempRegistry {
  const registry = new TempRegistry();
  registry.addVersion('v3');
  const [v1, v2] = [registry.digestOf('v1'), registry.digestOf('v2')];
  registry.addPipeline('twice', 'mean', { v1, v2 });
  for (const name of ['broken', 'short', 'stray']) registry.addPipeline(name, name, { v1 });
  return registry;
}
