/** The options that every part of the bench takes. */
export interface RunOptions {
  /** The script that is the command `serin`. */
  readonly entry: string;
  /** The report as one JSON document on stdout, instead of tables. */
  readonly json: boolean;
  /** Whether docs/benchmarks.md gets the section. */
  readonly write: boolean;
  /** For files that go with the run. */
  readonly workFolder: string;
}
