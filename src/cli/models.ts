import { megabytes, percent } from '../base/format.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { StartError } from '../base/errors/start-error.js';
import { readAcceptance } from '../registry/acceptance.js';
import { readRegistry, verifyVersion, type FoundVersion } from '../registry/registry-files.js';
import { jsonDocument, say } from './output.js';
import { EXIT_CODES } from './exit-codes.js';
import { factLines, renderTable } from '../base/terminal/fit-table.js';
import { indentedScreen, screenOf } from '../base/terminal/screen.js';
import { wrapLine } from '../base/terminal/wrap.js';
import type { AccuracyRecord, Manifest } from '../registry/manifest.js';
import { findNamedVersion, parseVersionName } from '../registry/find-version.js';
import { removeVersion } from '../tools/import/remove-version.js';

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

/** `stable` and `canary` come from the configuration; only the running service knows whether they serve. */
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
    process.stdout.write(jsonDocument({ registry: config.modelRegistry, versions }));
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
  const lesser = [heading.indexOf('DIGEST')];
  process.stdout.write(renderTable(heading, rows, screenOf(process.stdout), { lesser }));
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
  const screen = screenOf(process.stdout);
  if (json) process.stdout.write(jsonDocument({ ok, versions: reports }));
  else {
    for (const { model, version, problems } of reports) {
      const found = problems.length === 0 ? screen.paint('green', 'ok') : problems.join('; ');
      process.stdout.write(`${wrapLine(`${model}/${version}: ${found}`, screen.columns, 4).join('\n')}\n`);
    }
  }
  if (!ok) process.exitCode = EXIT_CODES.refused;
}

/** `serin models show`, on stdout. @throws StartError when there is no such version, or it cannot be read */
export function showModel(config: SerinConfig, argument: string, { json }: { readonly json?: true }): void {
  const version = findNamedVersion(config.modelRegistry, argument);
  const acceptance = readAcceptance(version);
  const { folder, digest, manifest } = version;
  if (json) {
    process.stdout.write(jsonDocument({ folder, digest, acceptance, manifest }));
    return;
  }
  const screen = screenOf(process.stdout);
  const verdict = `${acceptance.accepted ? 'may get traffic' : 'may not get traffic'}: ${acceptance.reason}`;
  const described = describeManifest(manifest, acceptance.accuracy);
  const facts: [string, string][] = [
    ['folder', folder],
    ['digest', digest],
    ...described,
    ['rollout', verdict],
  ];
  const files = Object.entries(manifest.files).map(([file, { bytes, sha256 }]) => [
    `  ${file}`,
    String(bytes),
    sha256.slice(0, 12),
  ]);
  process.stdout.write(
    [
      screen.paint('bold', argument),
      ...factLines(facts, indentedScreen(screen, 2)).map((line) => `  ${line}`),
      screen.paint('bold', 'files'),
      '',
    ].join('\n') + renderTable(['  NAME', 'BYTES', 'SHA256'], files, screen),
  );
}

const accuracyPercent = (share: number): string => percent(share, 2);

/** A value of `source`, which holds what training and tools wrote there; of an object, its members. */
function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, member]) => `${key.replaceAll('_', ' ')} ${inWords(member)}`)
    .join(', ');
}

/** A manifest in words, with the accuracy on record. */
function describeManifest(manifest: Manifest, accuracy: AccuracyRecord | null): [string, string][] {
  const { batching, session, batch_variance: variance, checked_on: checked = [] } = manifest;
  const off =
    session.disabled_optimizers.length === 0 ? '' : `, without ${session.disabled_optimizers.join(', ')}`;
  const storage =
    manifest.weight_storage === undefined ? '' : `, weights stored as ${manifest.weight_storage}`;
  return [
    ['task', manifest.task],
    ['labels', manifest.labels.join(', ')],
    ['max tokens', `${manifest.max_tokens}, cut on the ${manifest.truncation_side}`],
    ...(manifest.pipeline === undefined ? [] : [['pipeline', manifest.pipeline] satisfies [string, string]]),
    ...Object.entries(manifest.uses ?? {}).map(([name, { model, version, digest }]): [string, string] => [
      'uses',
      `${name}: ${model}/${version}, ${digest.slice(0, 12)}`,
    ]),
    ['precision', `${manifest.precision}${storage}`],
    ['session', `optimizations ${session.graph_optimization_level}${off}`],
    [
      'batches',
      batching.runs_alone
        ? 'none: it runs one text at a time'
        : `up to ${batching.max_padded_tokens} padded tokens`,
    ],
    [
      'variance',
      variance === undefined
        ? 'not measured'
        : `${variance.label_flips} of ${variance.n} labels, at most ${variance.max_score_change} of a score, change with the texts beside it`,
    ],
    [
      'accuracy',
      accuracy === null
        ? 'not on record'
        : `${accuracyPercent(accuracy.accuracy)} of ${accuracy.n}, 95 % interval ${accuracyPercent(accuracy.interval_95[0])} to ${accuracyPercent(accuracy.interval_95[1])} (${accuracy.data_set})`,
    ],
    ...checked.map(
      ({
        cpu,
        parity_texts: texts,
        max_score_difference: difference,
        label_flips: flips,
      }): [string, string] => [
        'checked',
        `${texts} golden texts on ${cpu}: ${flips} labels differ, scores by at most ${difference}`,
      ],
    ),
    ...Object.entries(manifest.source ?? {}).map(([key, value]): [string, string] => [
      key.replaceAll('_', ' '),
      inWords(value),
    ]),
  ];
}

/** `serin models remove`. @throws StartError when it is not confirmed, not there, or in use */
export async function removeModel(
  config: SerinConfig,
  argument: string,
  { yes }: { readonly yes?: true },
): Promise<void> {
  const name = parseVersionName(argument);
  const folder = await removeVersion(config, name, yes ?? false, say);
  process.stdout.write(`${argument} is removed: ${folder}\n`);
}
