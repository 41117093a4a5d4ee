/** One reason why the configuration cannot be used. */
export interface ConfigProblem {
  /** The name as the user wrote it there: `PORT`, `--port`, `rollout.sentiment.percent`. */
  readonly key: string;
  /** Where it was set: `environment`, `command line`, the file's name or `default`. */
  readonly source: string;
  /** The value as it may be shown; null where there is none to show. */
  readonly value: string | null;
  /** What is wrong with it and what is allowed. */
  readonly message: string;
}

const asLine = ({ key, source, value, message }: ConfigProblem): string =>
  `  ${key} (${source})${value === null ? '' : ` is ${value}`}: ${message}`;

/** Stops the start: every problem that was found, one per line of the message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(['The configuration cannot be used:', ...problems.map(asLine)].join('\n'));
    this.problems = problems;
  }
}
