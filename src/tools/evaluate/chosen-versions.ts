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
    if (version !== null) await checkWhole(version);
  }
  if (against !== null) checkLabels(candidate, against);
  return { candidate, against };
}

function checkLabels(candidate: ModelVersion, against: ModelVersion): void {
  const isSeveral = ({ manifest }: ModelVersion): boolean => TASK_TRAITS[manifest.task].severalLabels;
  if (isSeveral(candidate) !== isSeveral(against)) {
    const tasks = [candidate, against].map((one) => `the task of ${nameOf(one)} is ${one.manifest.task}`);
    throw new StartError(
      `The two cannot be compared, because one gives a text exactly one label and the other any number: ${tasks.join('; ')}.`,
    );
  }
  const [ours, theirs] = [candidate.manifest.labels, against.manifest.labels];
  if (ours.length === theirs.length && ours.every((label) => theirs.includes(label))) return;
  const sides = [candidate, against].map((one) => `${nameOf(one)} has ${one.manifest.labels.join(', ')}`);
  const renamed =
    ours.length === theirs.length
      ? ` If they mean the same, import ${nameOf(candidate)} again with --labels and those names, in the order of its own.`
      : '';
  throw new StartError(`The two have other labels and cannot be compared: ${sides.join('; ')}.${renamed}`);
}
