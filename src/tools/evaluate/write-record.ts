import { join } from 'node:path';
import { replaceFile } from '../../base/files/replace-file.js';
import { StartError } from '../../base/errors/start-error.js';
import { ACCEPTANCE_FILE, type AcceptanceRecord } from '../../registry/acceptance.js';
import type { EvaluationReport } from './evaluation-report.js';

/** The part of a report that is stored beside the manifest. */
export function recordOf(report: EvaluationReport): AcceptanceRecord {
  const { candidate, against, comparison, decision, data } = report;
  const { serin, ...machine } = report.machine;
  return {
    schema_version: 1,
    model: report.model,
    version: candidate.version,
    manifest_sha256: candidate.manifest_sha256,
    decision: decision.accepted ? 'accepted' : 'refused',
    reasons: decision.reasons,
    runs: decision.runs,
    against: against && { version: against.version, manifest_sha256: against.manifest_sha256 },
    data: { name: data.name, sha256: data.sha256, n: data.n, rows: data.rows, lines: data.lines },
    limits: report.limits,
    figures: {
      accuracy: candidate.accuracy.accuracy,
      interval_95: candidate.accuracy.interval_95,
      accuracy_drop_points: comparison?.accuracy_drop_points ?? null,
      drop_interval_95_points: comparison?.interval_95_points ?? null,
      mcnemar_p: comparison?.mcnemar_p ?? null,
      macro_f1: candidate.macro_f1,
      calibration_error: candidate.calibration.expected_error,
      brier_score: candidate.calibration.brier_score,
      batch_label_flips: candidate.batch_variance.label_flips,
      batch_max_score_change: candidate.batch_variance.max_score_change,
      parity_max_score_difference: candidate.parity?.max_score_difference ?? null,
    },
    machine,
    serin,
    at: report.at,
  };
}

/**
 * Writes the verdict beside the manifest, as a whole: a service that reads it finds the old one or the new one.
 * @returns the path
 * @throws StartError when the folder cannot be written to
 */
export async function writeRecord(folder: string, record: AcceptanceRecord): Promise<string> {
  const path = join(folder, ACCEPTANCE_FILE);
  try {
    // The service reads the record, often as another user.
    await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, 0o644);
  } catch (error) {
    throw new StartError(`The record ${path} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return path;
}
