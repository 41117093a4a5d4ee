/** Progress goes to stderr: stdout is for the report. */
export function say(sentence: string): void {
  process.stderr.write(`bench: ${sentence}\n`);
}
