import { StartError } from '../errors/start-error.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the limit of this process (ulimit -f) or of the file system',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is not a folder',
  EISDIR: 'it is a folder',
};

/** Errors after which the same run can continue. */
const PASSING = new Set(['ENOSPC', 'EDQUOT']);
const GO_ON = '; free some space and run the same command again, which goes on from here';

/**
 * Explains why a file could not be written, as a sentence for the user who started the run.
 * @param canResume whether the same run can continue from the output written so far
 */
export function writeError(path: string, error: unknown, canResume = true): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof StartError) return error as Error;
  const advice = canResume && PASSING.has(code) ? GO_ON : '';
  return new StartError(`${path} cannot be written: ${REASONS[code] ?? message}${advice}.`, { cause: error });
}

/** Explains why a file could not be read. */
export function readReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM'
    ? 'this user may not read it'
    : (REASONS[code ?? ''] ?? message);
}
