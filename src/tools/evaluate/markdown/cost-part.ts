import { bytes as size, count, counted } from '../../../base/format.js';
import type { VersionFigures } from '../figures.js';
import type { EvaluationReport } from '../report.js';
import { perVersion, table } from './table.js';

export function costLines(versions: readonly VersionFigures[]): string[] {
  return [
    '## Cost',
    '',
    ...perVersion(versions, [
      ['precision', ({ precision }) => precision],
      ['on disk', ({ cost }) => size(cost.bytes)],
      ['load', ({ cost }) => `${(cost.load_ms / 1_000).toFixed(1)} s`],
      ['memory of a worker', ({ cost }) => size(cost.worker_rss_bytes)],
      ['texts/s on the data', ({ cost }) => count(Math.round(cost.texts_per_s))],
    ]),
  ];
}

export function speedLines(versions: readonly VersionFigures[]): string[] {
  const rows = versions.flatMap(({ version, cost: { by_length: lengths } }) =>
    lengths.map((speed) => [
      String(speed.tokens),
      version,
      `${speed.alone_p50_ms.toFixed(1)} ms`,
      `${speed.alone_p95_ms.toFixed(1)} ms`,
      count(Math.round(speed.texts_per_s_by_rows[1] ?? 0)),
      count(Math.round(speed.best_texts_per_s)),
      String(speed.best_rows),
    ]),
  );
  rows.sort(([a], [b]) => Number(a) - Number(b));
  return [
    '## Speed by length',
    '',
    ...table(
      ['tokens', 'version', 'alone, p50', 'p95', 'texts/s alone', 'texts/s, best batch', 'its texts'],
      rows,
    ),
  ];
}

export function machineLines({ machine, at, duration_s: seconds }: EvaluationReport): string[] {
  const { cpu, workers, threads_per_worker: threads, node, onnxruntime, serin } = machine;
  return [
    `${counted(workers, 'worker process', 'worker processes')} with ${counted(threads, 'thread')} on ${cpu}; Serin ${serin}, Node ${node}, ONNX Runtime ${onnxruntime}; ${at}, ${seconds.toFixed(0)} s.`,
  ];
}
