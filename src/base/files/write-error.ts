import { StartError } from '../errors/start-error.js';

/** Why a file cannot be read or written, by the code of the system: as a clause about "it". */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is a file, not a folder',
  ENAMETOOLONG: 'its name is too long (most file systems allow 255 bytes)',
  ELOOP: 'its links lead to one another',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  EMFILE: 'this process has too many files open (ulimit -n)',
  ENFILE: 'this machine has too many files open',
  EIO: 'the disk has an error',
};

/** What means something else where a file is written. */
const WRITE_REASONS: Readonly<Record<string, string>> = {
  ...REASONS,
  ENOENT: 'its folder does not exist',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the limit of this process (ulimit -f) or of the file system',
  EEXIST: 'a file of this name is in the way',
  ETXTBSY: 'it is a program that runs',
};

/** Calls that change something, by their names in errors. */
const WRITING = new Set([
  'mkdir',
  'mkdtemp',
  'rename',
  'unlink',
  'link',
  'symlink',
  'copyfile',
  'rmdir',
  'rm',
]);

/** Errors after which the same run can continue. */
const PASSING = new Set(['ENOSPC', 'EDQUOT']);
const GO_ON = '; free some space and run the same command again, which goes on from here';

/**
 * Explains why a file could not be written, as a sentence for the user who started the run.
 * @param canResume whether the same run can continue from the output written so far
 */
export function writeError(path: string, error: unknown, canResume = true): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof StartError) return error as Error;
  const advice = canResume && PASSING.has(code) ? GO_ON : '';
  return new StartError(`${path} cannot be written: ${writeReason(error)}${advice}.`, { cause: error });
}

const reasonOf = (reasons: typeof REASONS, error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
};

/** Explains why a file could not be written, as a clause about "it". */
export const writeReason = (error: unknown): string => reasonOf(WRITE_REASONS, error);

/** Explains why a file could not be read, as a clause about "it". */
export const readReason = (error: unknown): string => reasonOf(REASONS, error);

/**
 * The sentence of an error of the file system that the user or the machine can mend; null for any other error. It is
 * for calls of which no caller says more.
 */
export function fileProblem(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code = '', path, syscall = '' } = error as NodeJS.ErrnoException;
  if (path === undefined || WRITE_REASONS[code] === undefined) return null;
  return WRITING.has(syscall)
    ? `${path} cannot be written: ${writeReason(error)}.`
    : `${path} cannot be read: ${REASONS[code] ?? writeReason(error)}.`;
}
