import { messageText } from '../base/terminal/message.js';
import { screenOf, type Screen } from '../base/terminal/screen.js';
import { EXIT_CODES } from './exit-codes.js';

/** Reports the progress or the outcome of a command on stderr; stdout is reserved for its result. */
export const say = (sentence: string): void =>
  void process.stderr.write(messageText(sentence, screenOf(process.stderr)));

/** A value as one JSON document, to be read by people too. */
export const jsonDocument = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The result of a command on stdout: as one JSON document, or in words for the screen there. */
export function printResult<T>(
  result: T,
  { json }: { readonly json?: true | undefined },
  inWords: (result: T, screen: Screen) => string,
): void {
  process.stdout.write(json ? jsonDocument(result) : inWords(result, screenOf(process.stdout)));
}

/**
 * Runs a command that keeps nothing when it is interrupted, and starts over then.
 * @throws what the work throws, unless the signal has fired
 */
export async function startingOverWhenInterrupted(
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    say('interrupted; nothing is kept, the same command starts over');
    process.exitCode = EXIT_CODES.interrupted;
  }
}
