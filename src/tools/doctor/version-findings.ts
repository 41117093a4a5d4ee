import type { SerinConfig } from '../../base/config/serin-config.js';
import { StartError } from '../../base/errors/start-error.js';
import { availableBytes, estimateVersionBytes } from '../../engine/pool/memory-check.js';
import { readAcceptance } from '../../registry/acceptance.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { readRegistry, verifyVersion, type RegistryListing } from '../../registry/registry-files.js';
import { fail, note, ok, warn, type Finding } from './finding.js';

/** What the registry holds. */
export interface Registered {
  readonly findings: readonly Finding[];
  /** Every version with a readable manifest. */
  readonly versions: readonly ModelVersion[];
  /** The versions that the configuration names as stable or canary; the service loads them at the start. */
  readonly named: readonly ModelVersion[];
}

/** Reads every manifest, and looks whether the versions that the configuration names are there. */
export function readVersions({ modelRegistry, rollout }: SerinConfig): Registered {
  let listing: RegistryListing;
  try {
    listing = readRegistry(modelRegistry);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const finding = fail('registry', error.message, 'name the folder in MODEL_REGISTRY');
    return { findings: [finding], versions: [], named: [] };
  }
  const findings: Finding[] = [];
  const names = new Set(
    Object.entries(rollout).flatMap(([model, { stable, canary }]) =>
      [stable, canary].filter((name) => name !== null).map((name) => `${model}/${name}`),
    ),
  );
  const versions: ModelVersion[] = [];
  for (const [model, found] of listing) {
    for (const { name, ...rest } of found) {
      const id = `${model}/${name}`;
      if (rest.version !== null) {
        versions.push(rest.version);
        continue;
      }
      const todo = 'import it anew, or take the folder away';
      const judge = names.has(id) ? fail : warn;
      findings.push(judge('registry', `${id}: ${rest.reason}`, todo));
      names.delete(id);
    }
  }
  const named = versions.filter(({ model, version }) => names.has(`${model}/${version}`));
  for (const { model, version } of named) names.delete(`${model}/${version}`);
  for (const id of names) {
    const todo = 'put it there, or name another version in the section rollout';
    findings.push(
      fail('registry', `the configuration names ${id}, and ${modelRegistry} has no such version`, todo),
    );
  }
  findings.push(ok('registry', `${versions.length} versions in ${modelRegistry}`));
  return { findings, versions, named };
}

/** Whether a rollout may give a version traffic. */
export function checkAcceptance(version: ModelVersion): Finding {
  const name = `${version.model}/${version.version}`;
  const { accepted, reason } = readAcceptance(version);
  if (accepted) return ok('acceptance', `${name}: ${reason}`);
  const todo = 'until then no rollout moves traffic to it unless somebody forces it';
  return warn('acceptance', `${name} is not accepted: ${reason}`, todo);
}

/** Compares every file of a version with its digest. */
export async function checkDigests(version: ModelVersion): Promise<Finding> {
  const name = `${version.model}/${version.version}`;
  const problems = await verifyVersion(version);
  if (problems.length === 0) {
    return ok(
      'digests',
      `${name}: ${Object.keys(version.manifest.files).length} files are as its manifest says`,
    );
  }
  return fail('digests', `${name}: ${problems.join('; ')}`, 'copy the version anew from where it was made');
}

export interface MemoryFacts {
  readonly availableBytes: number;
  /** A service runs here already, and has taken its share. */
  readonly isServing: boolean;
}

/** Whether the versions that are loaded at the start fit. Estimated as the service does before it loads one. */
export function judgeMemory(
  versions: readonly ModelVersion[],
  { workers, spareWorkers }: Pick<SerinConfig, 'workers' | 'spareWorkers'>,
  { availableBytes: available, isServing }: MemoryFacts,
): Finding {
  const processes = workers + spareWorkers;
  const each = versions.reduce((sum, version) => sum + estimateVersionBytes(version), 0);
  const needed = `${versions.length} versions need about ${megabytes(each * processes)} in ${processes} processes`;
  if (available === Infinity) return note('memory', `${needed}; how much there is, the system does not tell`);
  const found = `${needed}, ${megabytes(available)} are available`;
  if (isServing) return ok('memory', `${found} beside the service that runs here`);
  if (each * processes <= available) return ok('memory', found);
  const todo = 'give the service more memory, or set fewer WORKERS or SPARE_WORKERS';
  return fail('memory', found, todo);
}

export const memoryFacts = (isServing: boolean): MemoryFacts => ({
  availableBytes: availableBytes(),
  isServing,
});

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
