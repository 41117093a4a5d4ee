/** Another error ends the process, as it would without this listener, unless somebody else waits for it. */
function ignoreBrokenPipe(this: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && this.listenerCount('error') === 1) throw error;
}

/**
 * Whoever reads stdout or stderr may go away (`| head`, a terminal that closes): that is no reason to end, neither for
 * the service nor for a command, whose exit code tells what became of its work.
 */
export function surviveBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(ignoreBrokenPipe)) stream.on('error', ignoreBrokenPipe);
  }
}
