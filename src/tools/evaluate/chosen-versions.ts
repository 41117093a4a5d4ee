import { TASK_TRAITS } from '../../registry/tasks.js';
import { StartError } from '../../base/errors/start-error.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { checkWhole, findNamedVersion, nameOf } from '../../registry/find-version.js';

export interface ChosenVersions {
  readonly candidate: ModelVersion;
  readonly against: ModelVersion | null;
}

/**
 * The versions to evaluate, with every file as its manifest says.
 * @param name `model/version`
 * @param againstName `model/version`, or a version of the same model; null: none
 * @throws StartError when one is missing or not whole, or the two do not tell the same labels apart
 */
export async function chooseVersions(
  registry: string,
  name: string,
  againstName: string | null,
): Promise<ChosenVersions> {
  const candidate = findNamedVersion(registry, name);
  const against =
    againstName === null
      ? null
      : findNamedVersion(
          registry,
          againstName.includes('/') ? againstName : `${candidate.model}/${againstName}`,
        );
  if (against?.digest === candidate.digest) {
    throw new StartError(`${name} cannot be compared with itself: name another version with --against.`);
  }
  for (const version of [candidate, against]) {
    if (version !== null) await check(version);
  }
  if (against !== null) checkLabels(candidate, against);
  return { candidate, against };
}

async function check(version: ModelVersion): Promise<void> {
  if (TASK_TRAITS[version.manifest.task].severalLabels) {
    const task = 'texts with one label each are evaluated, and its task is ' + version.manifest.task;
    throw new StartError(
      `${nameOf(version)} cannot be evaluated: ${task}. Measure it yourself; a rollout takes it with "serin canary set ${version.model} --version ${version.version} --percent N --force".`,
    );
  }
  await checkWhole(version);
}

function checkLabels(candidate: ModelVersion, against: ModelVersion): void {
  const [ours, theirs] = [candidate.manifest.labels, against.manifest.labels];
  if (ours.length === theirs.length && ours.every((label) => theirs.includes(label))) return;
  const sides = [candidate, against].map((one) => `${nameOf(one)} has ${one.manifest.labels.join(', ')}`);
  const renamed =
    ours.length === theirs.length
      ? ` If they mean the same, import ${nameOf(candidate)} again with --labels and those names, in the order of its own.`
      : '';
  throw new StartError(`The two have other labels and cannot be compared: ${sides.join('; ')}.${renamed}`);
}
