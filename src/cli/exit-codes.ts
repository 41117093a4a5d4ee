/** The exit codes of every command; scripts and job runners rely on the numbers. */
export const EXIT_CODES = {
  done: 0,
  /** Done, but some items failed or a gate said no. */
  refused: 1,
  /** Wrong usage, or an input (setting, file, registry) that cannot be used. */
  usage: 2,
  /** Interrupted; the same command resumes. */
  interrupted: 3,
  /** A fault of ours. */
  fault: 70,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
