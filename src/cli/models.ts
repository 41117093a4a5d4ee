import { megabytes, percent } from '../base/format.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { StartError } from '../base/errors/start-error.js';
import { readAcceptance } from '../registry/acceptance.js';
import { readRegistry, verifyVersion, type FoundVersion } from '../registry/registry-files.js';
import { EXIT_CODES } from './exit-codes.js';
import { renderTable } from '../base/charts/tables.js';

export interface ModelsOptions {
  readonly json?: true;
}

/** A version folder with the model that it lies under. */
interface Found {
  readonly model: string;
  readonly found: FoundVersion;
}

function findAll(folder: string): Found[] {
  return [...readRegistry(folder)].flatMap(([model, versions]) =>
    versions.map((found) => ({ model, found })),
  );
}

/** `stable` and `canary` are what the configuration asks for; whether they serve, the running service tells. */
function roleOf({ rollout }: SerinConfig, model: string, version: string): string | null {
  const split = Object.hasOwn(rollout, model) ? rollout[model] : undefined;
  if (split?.stable === version) return 'stable';
  return split?.canary === version ? 'canary' : null;
}

function describe(config: SerinConfig, { model, found }: Found) {
  const base = { model, version: found.name, role: roleOf(config, model, found.name) };
  if (!found.version) return { ...base, problem: found.reason };
  const { digest, manifest } = found.version;
  const { accepted, reason, accuracy } = readAcceptance(found.version);
  return {
    ...base,
    digest,
    accepted,
    acceptance_reason: reason,
    task: manifest.task,
    labels: manifest.labels,
    precision: manifest.precision,
    max_tokens: manifest.max_tokens,
    accuracy,
    bytes: Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** `serin models list`, on stdout. */
export function listModels(config: SerinConfig, { json }: ModelsOptions): void {
  const versions = findAll(config.modelRegistry).map((found) => describe(config, found));
  if (json) {
    process.stdout.write(`${JSON.stringify({ registry: config.modelRegistry, versions }, null, 2)}\n`);
    return;
  }
  const rows = versions.map((version) => {
    const start = [version.model, version.version, version.role ?? '-'];
    if ('problem' in version) return [...start, '-', '-', '-', '-', '-', version.problem];
    const { accuracy, bytes, digest, precision, max_tokens: maxTokens } = version;
    const share = accuracy ? `${percent(accuracy.accuracy, 2)} of ${String(accuracy.n)}` : '-';
    return [
      ...start,
      precision,
      String(maxTokens),
      share,
      version.accepted ? 'yes' : 'no',
      megabytes(bytes),
      digest.slice(0, 12),
    ];
  });
  const heading = [
    'MODEL',
    'VERSION',
    'ROLE',
    'PRECISION',
    'MAX TOKENS',
    'ACCURACY',
    'ACCEPTED',
    'SIZE',
    'DIGEST',
  ];
  process.stdout.write(renderTable(heading, rows));
}

/** The versions that the names (`model` or `model/version`) select; all of them without names. */
function select(all: readonly Found[], names: readonly string[]): readonly Found[] {
  const matches = ({ model, found }: Found, name: string): boolean =>
    name === model || name === `${model}/${found.name}`;
  for (const name of names) {
    if (all.some((found) => matches(found, name))) continue;
    const known = all.map(({ model, found }) => `${model}/${found.name}`).join(', ');
    throw new StartError(`The registry has no ${JSON.stringify(name)}; it has ${known}`);
  }
  return names.length === 0 ? all : all.filter((found) => names.some((name) => matches(found, name)));
}

/** `serin models verify`, on stdout; the process will end with 1 when a file differs. */
export async function verifyModels(
  config: SerinConfig,
  names: readonly string[],
  { json }: ModelsOptions,
): Promise<void> {
  const reports: { model: string; version: string; ok: boolean; problems: string[] }[] = [];
  for (const { model, found } of select(findAll(config.modelRegistry), names)) {
    const problems = found.version ? await verifyVersion(found.version) : [found.reason];
    reports.push({ model, version: found.name, ok: problems.length === 0, problems });
  }
  const ok = reports.every((report) => report.ok);
  if (json) process.stdout.write(`${JSON.stringify({ ok, versions: reports }, null, 2)}\n`);
  else {
    for (const { model, version, problems } of reports) {
      process.stdout.write(`${model}/${version}: ${problems.length === 0 ? 'ok' : problems.join('; ')}\n`);
    }
  }
  if (!ok) process.exitCode = EXIT_CODES.refused;
}
