import type { BlockPart, OutputTarget } from './output-target.js';
import { writeError } from '../../base/files/write-error.js';

/** The reader of a stream has gone: it has seen enough. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** Writes to a stream and waits until it has taken the data, so that a slow reader slows the run. */
function write(stream: NodeJS.WriteStream, name: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => {
      if (!error) resolve();
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') reject(new ReaderGone());
      else reject(writeError(name, error, false));
    });
  });
}

/** The answers are what a run is for: that nobody reads its stderr does not end it. */
const unlessReaderGone = (error: unknown): void => {
  if (!(error instanceof ReaderGone)) throw error as Error;
};

/** stdout for the answers and stderr for the lines without; nothing can be resumed. */
export class OutputStream implements OutputTarget {
  readonly done = [];

  constructor() {
    // What goes wrong is told to the callback of each write; unheard, it would end the process.
    process.stdout.on('error', () => undefined);
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  async append({ output, errors }: BlockPart): Promise<void> {
    await write(process.stdout, 'stdout', output);
    if (errors.length > 0) await write(process.stderr, 'stderr', errors).catch(unlessReaderGone);
  }

  async finish(): Promise<void> {
    await write(process.stdout, 'stdout', Buffer.alloc(0));
  }

  discard(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
