import { StartError } from '../errors/start-error.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and run the same command again, which goes on from here',
  EDQUOT:
    'the disk quota is used up; free some space and run the same command again, which goes on from here',
  EFBIG: 'the file would be larger than the limit of this process (ulimit -f) or of the file system',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is not a folder',
  EISDIR: 'it is a folder',
};

/** What kept a file from being written, as a sentence for whoever started the run. */
export function writeError(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof StartError) return error as Error;
  return new StartError(`${path} cannot be written: ${REASONS[code] ?? message}.`, { cause: error });
}
