import { describe, expect, it } from 'vitest';
import { readText, sourceFiles } from '../../support/repository.js';

/** What a tool writes is as long as its input makes it; src/tools/onnx/proto/README.md says how it is made. */
const GENERATED = 'src/tools/onnx/generated/';

const sources = sourceFiles('src').filter((path) => path.endsWith('.ts') && !path.startsWith(GENERATED));
const lineCount = (path: string): number => readText(path).trimEnd().split('\n').length;

/** `path:line` of every line that matches. */
const linesMatching = (paths: readonly string[], pattern: RegExp): string[] =>
  paths.flatMap((path) =>
    readText(path)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${String(i + 1)}`] : [])),
  );

describe('source files', () => {
  it('have at most 350 lines', () => {
    const lengths = sources.map((path) => ({ path, lines: lineCount(path) }));
    expect(lengths.filter(({ lines }) => lines > 350)).toEqual([]);
  });

  it('read the environment in src/base/config alone', () => {
    const others = sources.filter((path) => !path.startsWith('src/base/config/'));
    // The property, and what gets at it in other words.
    const pattern = /process\.env\b|process\[|\benv\b.*=\s*process\b|from '(node:)?process'/;
    expect(linesMatching(others, pattern)).toEqual([]);
  });

  it('have no forward references, no suppressed types and no notes to self', () => {
    const pattern = /forwardRef|@ts-(ignore|nocheck|expect-error)|\b(TODO|FIXME|XXX)\b|\bas any\b|: any\b/;
    expect(linesMatching(sources, pattern)).toEqual([]);
  });
});

describe('tests', () => {
  it('are neither switched off nor focused', () => {
    const tests = sourceFiles('test').filter((path) => path.endsWith('.ts'));
    expect(linesMatching(tests, /\b(it|test|describe)\.(skip|only|todo|fails)\b/)).toEqual([]);
  });
});
