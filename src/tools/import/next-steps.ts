import { TASK_TRAITS } from '../../registry/tasks.js';
import type { Manifest } from '../../registry/manifest.js';

/** The commands that come after an import, one a line. */
export function nextSteps({ model, version, task }: Pick<Manifest, 'model' | 'version' | 'task'>): string[] {
  const name = `${model}/${version}`;
  const verify = `serin models verify ${name}`;
  if (TASK_TRAITS[task].severalLabels) {
    return [
      verify,
      `serin canary set ${model} --version ${version} --percent N --force    (serin evaluate knows one label per text only: measure it yourself first; no rollout takes it without --force)`,
    ];
  }
  return [
    verify,
    `serin evaluate ${name} --against VERSION --data FILE --record    (no rollout takes it before)`,
    `serin evaluate ${name} --min-accuracy SHARE --data FILE --record    (instead, for a first version)`,
  ];
}
