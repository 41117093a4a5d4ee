/** One reason why the configuration cannot be used. */
export interface ConfigProblem {
  /** The name as the user wrote it there: `PORT`, `--port`, `rollout.sentiment.percent`. */
  readonly key: string;
  /** Where it was set: `environment`, `command line`, the file's name or `default`. */
  readonly source: string;
  /** The value in a form that may be shown; null when there is none. */
  readonly value: string | null;
  /** Describes the error, and the allowed values. */
  readonly message: string;
}

const asLine = ({ key, source, value, message }: ConfigProblem): string =>
  `  ${key} (${source})${value === null ? '' : ` is ${value}`}: ${message}`;

/** Prevents the start. The message lists all problems, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(['The configuration cannot be used:', ...problems.map(asLine)].join('\n'));
    this.problems = problems;
  }
}
