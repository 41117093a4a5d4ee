/** The reader of a pipe has closed it; the terminal is gone. */
const NO_READER: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO']);

/**
 * Ignores that there is no reader. Any other error ends the process, as it would without this listener, unless there is another listener.
 */
function ignoreBrokenPipe(this: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  if (!NO_READER.has(error.code) && this.listenerCount('error') === 1) throw error;
}

/**
 * The reader of stdout or stderr may close it (`| head`, a closed terminal). The process continues then: the service
 * keeps serving, and a command finishes its work and reports the result by its exit code.
 */
export function surviveBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(ignoreBrokenPipe)) stream.on('error', ignoreBrokenPipe);
  }
}
