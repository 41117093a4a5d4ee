/**
 * The properties of an error code: its HTTP status, its title, whether the same request may be sent again, and its log
 * level.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  /** True when the same request may succeed later without being changed. */
  readonly retryable: boolean;
  readonly logLevel: 'info' | 'warn' | 'error';
  /** One sentence for docs/errors.md: when the error occurs and what the client can do. */
  readonly meaning: string;
}

const entry = (
  status: number,
  title: string,
  retryable: boolean,
  logLevel: ErrorEntry['logLevel'],
  meaning: string,
): ErrorEntry => ({ status, title, retryable, logLevel, meaning });

/**
 * All error codes of Serin. The HTTP filter, the worker protocol, docs/errors.md and the OpenAPI document are derived
 * from this table (a test checks that they agree).
 */
export const ERROR_TABLE = {
  INVALID_REQUEST: entry(
    400,
    'Invalid request',
    false,
    'info',
    'A field is missing, unknown, of the wrong type or outside its limits; `errors` names each one, ten at most.',
  ),
  MALFORMED_JSON: entry(
    400,
    'Malformed JSON',
    false,
    'info',
    'The body is not JSON, or not in the encoding that its headers announce.',
  ),
  MALFORMED_HTTP: entry(
    400,
    'Malformed HTTP',
    false,
    'info',
    'What came over the connection is not HTTP/1.1, or breaks a rule of it, such as one host header per request; the connection is closed.',
  ),
  EMPTY_TEXT: entry(
    400,
    'Empty text',
    false,
    'info',
    "The text is empty, consists of white space alone, or has nothing left once the model's tokenizer has dropped what it does not read, such as control characters.",
  ),
  UNAUTHENTICATED: entry(
    401,
    'Unauthenticated',
    false,
    'info',
    'No valid API key (or admin token) came with the request.',
  ),
  FORBIDDEN: entry(
    403,
    'Forbidden',
    false,
    'info',
    'The key is valid, but its client lacks a right that the request uses; `detail` names the right, and what to send instead.',
  ),
  NOT_FOUND: entry(
    404,
    'Not found',
    false,
    'info',
    'There is no such route; of POST /feedback: no such answer is remembered.',
  ),
  MODEL_NOT_FOUND: entry(
    404,
    'Model not found',
    false,
    'info',
    'The registry has no model of this name; GET /models lists them.',
  ),
  VERSION_NOT_FOUND: entry(
    404,
    'Version not found',
    false,
    'info',
    'The model has no such version; GET /models/{name} lists them.',
  ),
  METHOD_NOT_ALLOWED: entry(
    405,
    'Method not allowed',
    false,
    'info',
    'The route exists, but not for this method; the `allow` header says which do.',
  ),
  REQUEST_TIMEOUT: entry(
    408,
    'Request timeout',
    true,
    'info',
    'The headers took the client more than 10 s to send, or the whole request more than 30 s; the connection is closed.',
  ),
  CONFLICT: entry(
    409,
    'Conflict',
    false,
    'info',
    'Somebody else changed this in the meantime; read it again and repeat.',
  ),
  VERSION_REFUSED: entry(
    409,
    'Version refused',
    false,
    'warn',
    'The version may not do that: it failed its acceptance or its load, there is no room for it, or traffic depends on it; `detail` says which.',
  ),
  BODY_TOO_LARGE: entry(
    413,
    'Body too large',
    false,
    'info',
    'The body, after decompression, exceeds MAX_BODY_BYTES.',
  ),
  BATCH_TOO_LARGE: entry(
    413,
    'Batch too large',
    false,
    'info',
    'So many texts cannot be answered by their deadline even on an idle service; `errors` says how many fit. Send fewer, or allow more time (BATCH_TIMEOUT_MAX_MS, `x-deadline-ms`).',
  ),
  UNSUPPORTED_MEDIA_TYPE: entry(
    415,
    'Unsupported media type',
    false,
    'info',
    'Send `content-type: application/json` in UTF-8, uncompressed or as gzip, deflate or br, and no `transfer-encoding` but `chunked`.',
  ),
  EXPECTATION_FAILED: entry(
    417,
    'Expectation failed',
    false,
    'info',
    'The header `expect` asks for something other than `100-continue`; send the request without it. The connection is closed.',
  ),
  RATE_LIMITED: entry(
    429,
    'Rate limited',
    true,
    'info',
    'This client has used up its rate; wait for `retry-after`.',
  ),
  OVERLOADED: entry(
    429,
    'Overloaded',
    true,
    'warn',
    'The answer is predicted to come after its deadline, or too many texts wait; wait for `retry-after`, the time after which the request is predicted to fit.',
  ),
  HEADERS_TOO_LARGE: entry(
    431,
    'Headers too large',
    false,
    'info',
    'The request line and headers exceed 16 KiB, or there are more than 2,000 headers; the connection is closed.',
  ),
  INFERENCE_FAILED: entry(
    500,
    'Inference failed',
    false,
    'error',
    'The model could not process this text, on its own, in two processes.',
  ),
  INTERNAL: entry(
    500,
    'Internal error',
    false,
    'error',
    'A fault of ours; the log line of this request id tells more.',
  ),
  NOT_READY: entry(
    503,
    'Not ready',
    true,
    'warn',
    'No worker process is ready to infer, or the stable version of the model is not loaded; GET /health says which.',
  ),
  VERSION_NOT_READY: entry(
    503,
    'Version not ready',
    true,
    'warn',
    'The version exists but is not loaded; its state stands in GET /models/{name}.',
  ),
  STATE_UNAVAILABLE: entry(
    503,
    'State unavailable',
    true,
    'error',
    'The state of the rollout cannot be written, so nothing was changed; GET /health says why.',
  ),
  SHUTTING_DOWN: entry(
    503,
    'Shutting down',
    true,
    'info',
    'This instance is going away; send the request to another one.',
  ),
  DEADLINE_EXCEEDED: entry(
    504,
    'Deadline exceeded',
    true,
    'warn',
    'The answer was not ready within the deadline of the request.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_TABLE;
