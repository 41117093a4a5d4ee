import type { Manifest } from '../model-registry/manifest.js';

/** The commands that come after an import, one a line. */
export function nextSteps({ model, version }: Pick<Manifest, 'model' | 'version'>): string[] {
  const name = `${model}/${version}`;
  return [
    `serin models verify ${name}`,
    `serin evaluate ${name} --against VERSION --data FILE --record    (no rollout takes it before)`,
    `serin evaluate ${name} --min-accuracy SHARE --data FILE --record    (instead, for a first version)`,
  ];
}
