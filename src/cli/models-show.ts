import { percent } from '../base/format.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { readAcceptance } from '../registry/acceptance.js';
import type { AccuracyRecord, Manifest } from '../registry/manifest.js';
import { findNamedVersion } from '../registry/find-version.js';
import { alignColumns, renderTable } from '../base/charts/tables.js';

/** `serin models show`, on stdout. @throws StartError when there is no such version, or it cannot be read */
export function showModel(config: SerinConfig, argument: string, { json }: { readonly json?: true }): void {
  const version = findNamedVersion(config.modelRegistry, argument);
  const acceptance = readAcceptance(version);
  const { folder, digest, manifest } = version;
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder, digest, acceptance, manifest }, null, 2)}\n`);
    return;
  }
  const verdict = `${acceptance.accepted ? 'may get traffic' : 'may not get traffic'}: ${acceptance.reason}`;
  const described = describe(manifest, acceptance.accuracy);
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
    [argument, ...alignColumns(facts).map((line) => `  ${line}`), 'files', ''].join('\n') +
      renderTable(['  NAME', 'BYTES', 'SHA256'], files),
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
function describe(manifest: Manifest, accuracy: AccuracyRecord | null): [string, string][] {
  const { batching, session, batch_variance: variance, checked_on: checked = [] } = manifest;
  const off =
    session.disabled_optimizers.length === 0 ? '' : `, without ${session.disabled_optimizers.join(', ')}`;
  const storage =
    manifest.weight_storage === undefined ? '' : `, weights stored as ${manifest.weight_storage}`;
  return [
    ['task', manifest.task],
    ['labels', manifest.labels.join(', ')],
    ['max tokens', `${manifest.max_tokens}, cut on the ${manifest.truncation_side}`],
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
