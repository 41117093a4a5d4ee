import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Media {
  readonly schema: object;
}

interface DocumentedResponse {
  readonly content?: Readonly<Record<string, Media>>;
}

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** openapi.json as it is committed. */
export const OPENAPI_FILE = resolve(import.meta.dirname, '../../openapi.json');
export const readOpenApi = (): OpenApi => JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')) as OpenApi;

const ajv = new Ajv2020({ strict: false, allErrors: true });
// The package is CommonJS: its default export is the module where Node's own interop applies.
(addFormats as unknown as { default: (target: Ajv2020) => void }).default(ajv);
const document = readOpenApi();
ajv.addSchema({ ...document, $id: 'openapi' });
const validators = new Map<string, ValidateFunction>();

const templateToRegExp = (template: string): RegExp =>
  new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`);

function validatorFor(pointer: string): ValidateFunction {
  const known = validators.get(pointer);
  if (known !== undefined) return known;
  const validator = ajv.compile({ $ref: `openapi#${pointer}` });
  validators.set(pointer, validator);
  return validator;
}

const escape = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/**
 * What an answer has that the document does not say: an undocumented status or media type, or a body that does
 * not match its schema. A refused method (405) is documented by the path's only operation. Paths that the
 * document does not know (/docs, unknown routes) are not judged.
 */
export function deviations(method: string, path: string, response: Response, text: string): string[] {
  const found = Object.entries(document.paths).find(([template]) => templateToRegExp(template).test(path));
  if (found === undefined || method === 'OPTIONS') return [];
  const [template, operations] = found;
  const wanted = method === 'HEAD' ? 'get' : method.toLowerCase();
  const [verb = '', operation] =
    Object.entries(operations).find(([name]) => name === wanted) ?? Object.entries(operations)[0] ?? [];
  const documented = operation?.responses[response.status];
  if (documented === undefined) return [`${method} ${path}: status ${response.status} is not documented`];
  if (method === 'HEAD') return [];
  const mediaType = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
  const media = documented.content?.[mediaType];
  if (media === undefined)
    return [`${method} ${path}: ${response.status} with ${mediaType} is not documented`];
  const pointer = [
    'paths',
    template,
    verb,
    'responses',
    String(response.status),
    'content',
    mediaType,
    'schema',
  ];
  const validate = validatorFor(`/${pointer.map(escape).join('/')}`);
  const body: unknown = mediaType.endsWith('json') ? JSON.parse(text) : text;
  if (validate(body)) return [];
  return (validate.errors ?? []).map(
    (error) => `${method} ${path}: ${response.status} ${error.instancePath} ${error.message ?? ''}`,
  );
}
