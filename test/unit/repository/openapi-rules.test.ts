import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { readText } from '../../support/repository.js';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
}

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, { readonly bearerFormat?: string }>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

const text = readText('openapi.json');
const document = JSON.parse(text) as Document;

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    path,
    operation,
  })),
);

/** Every object of the document with its JSON pointer, in no order. */
function objects(value: unknown, pointer = ''): { pointer: string; object: Record<string, unknown> }[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, child]) =>
    objects(child, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
  return Array.isArray(value) ? below : [{ pointer, object: value as Record<string, unknown> }, ...below];
}
const all = objects(document);

const ajv = new Ajv2020({ strict: false });
// The package is CommonJS: its default export is the module where Node's own interop applies.
(addFormats as unknown as { default: (target: Ajv2020) => void }).default(ajv);
ajv.addSchema({ ...document, $id: 'openapi' });

const CLIENT_ROUTES = ['/predict', '/predict_batch', '/feedback'];
const CLIENT_SECURITY = [{}, { client_key: [] }, { client_key_header: [] }];

/** The recommended rules of Redocly and Spectral that this document could break. */
describe('the OpenAPI document', () => {
  it('names a server, and every operation once', () => {
    expect(document.servers.length).toBeGreaterThan(0);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id))).toBe(true);
  });

  it.each(operations)('describes $name', ({ path, operation }) => {
    expect(operation.summary?.length).toBeGreaterThan(0);
    expect(operation.description?.length).toBeGreaterThan(0);
    const declared = document.tags.filter(({ description }) => description).map(({ name }) => name);
    expect(operation.tags?.length).toBe(1);
    expect(declared).toEqual(expect.arrayContaining([...(operation.tags ?? [])]));
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
    expect(statuses.some((status) => status.startsWith('4'))).toBe(true);
    expect(Object.values(operation.responses).every(({ description }) => description.length > 0)).toBe(true);
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    expect(inPath.every(({ required }) => required)).toBe(true);
  });

  it.each(operations)('says what $name wants of its caller', ({ path, operation: { security } }) => {
    const byName = (security ?? []).toSorted((a, b) =>
      (Object.keys(a)[0] ?? '').localeCompare(Object.keys(b)[0] ?? ''),
    );
    if (path.startsWith('/admin/')) expect(security).toEqual([{ admin_token: [] }]);
    else if (CLIENT_ROUTES.includes(path)) expect(byName).toEqual(CLIENT_SECURITY);
    else expect(security).toEqual([]);
  });

  it('has exactly the schemes that operations want, and claims no format of keys', () => {
    const used = operations.flatMap(({ operation }) => operation.security?.flatMap(Object.keys) ?? []);
    expect(Object.keys(document.components.securitySchemes).sort()).toEqual([...new Set(used)].sort());
    expect(text).not.toContain('bearerFormat');
  });

  it('has no reference that leads nowhere, and no schema that nothing refers to', () => {
    const referred = all.map(({ object: { $ref } }) => $ref).filter((ref) => typeof ref === 'string');
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...new Set(referred)].sort()).toEqual(known.sort());
  });

  it('has no composition of a single schema', () => {
    const lonely = all.filter(
      ({ object }) =>
        Object.keys(object).length === 1 && Array.isArray(object.allOf) && object.allOf.length === 1,
    );
    expect(lonely.map(({ pointer }) => pointer)).toEqual([]);
  });

  it('has examples that are valid by their schema', () => {
    const examples = all.filter(
      ({ pointer, object }) => 'example' in object && !pointer.endsWith('/properties'),
    );
    expect(examples.length).toBeGreaterThan(20);
    const wrong = examples.flatMap(({ pointer, object: { example } }) => {
      const validate = ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` });
      return validate(example) ? [] : [`${pointer}: ${ajv.errorsText(validate.errors)}`];
    });
    expect(wrong).toEqual([]);
  });
});
