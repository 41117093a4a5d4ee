/** What a pattern with `*` (any characters) and `?` (one character) matches. */
function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[\\^$.+()[\]{}|/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
}

export interface Selection {
  /** Names that some pattern matches. */
  readonly chosen: ReadonlySet<string>;
  /** Patterns that match none: a layer that was to stay float would be quantised after all. */
  readonly unmatched: readonly string[];
}

/** Chooses layers by names or globs. */
export function selectNames(names: readonly string[], globs: readonly string[]): Selection {
  const matchers = globs.map((glob) => ({ glob, pattern: globToRegExp(glob) }));
  return {
    chosen: new Set(names.filter((name) => matchers.some(({ pattern }) => pattern.test(name)))),
    unmatched: matchers
      .filter(({ pattern }) => !names.some((name) => pattern.test(name)))
      .map(({ glob }) => glob),
  };
}
