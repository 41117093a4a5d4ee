import { describe, expect, it } from 'vitest';
import { ERROR_TABLE, type ErrorCode } from '../../../../src/base/errors/codes.js';
import { ROOT, readText, withGenerated } from '../../../support/repository.js';

const rows = Object.entries(ERROR_TABLE).map(
  ([code, { status, retryable, meaning }]) =>
    `| ${code} | ${status} | ${retryable ? 'yes' : 'no'} | ${meaning} |`,
);
const table = [
  '<!-- prettier-ignore -->',
  '| code | status | retryable | meaning |',
  '|---|---|---|---|',
  ...rows,
].join('\n');

interface Operation {
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

const openapi = JSON.parse(readText('openapi.json')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly enum?: readonly string[] }>> };
};

/** Code and status of every problem that some operation documents. */
const documented = Object.values(openapi.paths)
  .flatMap((operations) => Object.values(operations))
  .flatMap(({ responses }) =>
    Object.entries(responses).flatMap(([status, { description }]) =>
      [...description.matchAll(/^`([A-Z_]+)`: /gm)].map(([, code = '']): [string, number] => [
        code,
        Number(status),
      ]),
    ),
  );

/** Answered by the admin API alone, by paths that no operation documents, or before there is any path. */
const OUTSIDE_THE_DOCUMENT: readonly ErrorCode[] = [
  ...(['FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'VERSION_REFUSED'] as const),
  ...(['MALFORMED_HTTP', 'REQUEST_TIMEOUT', 'EXPECTATION_FAILED', 'HEADERS_TOO_LARGE'] as const),
];

describe('the error table', () => {
  it('stands in docs/errors.md', async () => {
    const generated = withGenerated(readText('docs/errors.md'), 'codes', table);
    await expect(generated).toMatchFileSnapshot(`${ROOT}docs/errors.md`);
  });

  it('is the enumeration of codes in openapi.json', () => {
    expect(openapi.components.schemas.ErrorCode?.enum).toEqual(Object.keys(ERROR_TABLE));
  });

  it('has every code that openapi.json documents, with that status', () => {
    expect(documented.length).toBeGreaterThan(20);
    for (const [code, status] of documented)
      expect([code, ERROR_TABLE[code as ErrorCode].status]).toEqual([code, status]);
  });

  it('has no code that openapi.json does not document', () => {
    const known = new Set([...documented.map(([code]) => code), ...OUTSIDE_THE_DOCUMENT]);
    expect(Object.keys(ERROR_TABLE).filter((code) => !known.has(code))).toEqual([]);
  });

  it('calls retryable what another attempt can change: 408, 429, 503 and 504', () => {
    for (const [code, { status, retryable }] of Object.entries(ERROR_TABLE)) {
      expect(retryable, code).toBe([408, 429, 503, 504].includes(status));
    }
  });
});
