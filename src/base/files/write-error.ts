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

/** What can be mended without starting over. */
const PASSING = new Set(['ENOSPC', 'EDQUOT']);
const GO_ON = '; free some space and run the same command again, which goes on from here';

/**
 * What kept a file from being written, as a sentence for whoever started the run.
 * @param canResume whether what is written so far is of use
 */
export function writeError(path: string, error: unknown, canResume = true): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof StartError) return error as Error;
  const advice = canResume && PASSING.has(code) ? GO_ON : '';
  return new StartError(`${path} cannot be written: ${REASONS[code] ?? message}${advice}.`, { cause: error });
}

/** What kept a file from being read, in words. */
export function readReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM'
    ? 'this user may not read it'
    : (REASONS[code ?? ''] ?? message);
}
