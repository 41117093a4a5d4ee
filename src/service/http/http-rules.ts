import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { AppError } from '../../base/errors/app-error.js';

/** Most headers of a request. More of them cost a client that is no attacker nothing, and us a table of that size. */
const MAX_HEADERS = 2_000;

/** A host header (RFC 9110, 7.2): a name or an address, and perhaps a port. It may be empty. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.~%!$&'()*+;=-]*)(?::\d*)?$/;

const malformed = (sentence: string): AppError => new AppError('MALFORMED_HTTP', sentence);

const isHost = (name: string | undefined): boolean => name?.length === 4 && name.toLowerCase() === 'host';

/** Node keeps the first of several host headers in `headers`. */
function hostProblem({ headers: { host }, httpVersionMinor, rawHeaders }: IncomingMessage): AppError | null {
  if (host === undefined) {
    return httpVersionMinor === 0 ? null : malformed('The request has no host header; send one.');
  }
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (isHost(rawHeaders[i])) hosts++;
  if (hosts > 1) return malformed('The request has several host headers; send one.');
  return HOST.test(host)
    ? null
    : malformed('The host header is neither a name nor an address, with or without a port.');
}

/** @param coding the header `transfer-encoding`, in which Node has removed the chunks alone */
function codingProblem(coding: string, httpVersionMinor: number): AppError | null {
  if (httpVersionMinor === 0) return malformed('HTTP/1.0 has no transfer-encoding; send a content-length.');
  if (coding.toLowerCase() === 'chunked') return null;
  return new AppError(
    'UNSUPPORTED_MEDIA_TYPE',
    'This transfer-encoding is not supported; send `chunked` alone, or a content-length.',
  );
}

/** The rule of HTTP that a request breaks although Node's parser accepts it; null when it keeps all of them. */
function violation(request: IncomingMessage): AppError | null {
  const { headers, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders } = request;
  if (httpVersionMajor !== 1) return malformed(`HTTP/${httpVersion} is not served; send HTTP/1.1.`);
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    return new AppError('HEADERS_TOO_LARGE', `The request has more than ${MAX_HEADERS} headers.`);
  }
  const host = hostProblem(request);
  if (host !== null) return host;
  const { expect, 'transfer-encoding': coding } = headers;
  if (expect !== undefined && !expectsContinue(expect)) {
    return new AppError('EXPECTATION_FAILED', 'The only expectation that can be met is `100-continue`.');
  }
  return coding === undefined ? null : codingProblem(coding, httpVersionMinor);
}

/** Whether the header `expect` asks for nothing but 100 Continue. */
export const expectsContinue = (expect: string): boolean => expect.toLowerCase() === '100-continue';

/**
 * Refuses requests that break a rule of HTTP. Node would refuse some of them with an empty answer that no log and no
 * metric knows, and would read others in one of two possible ways, which a proxy before it may read in the other way.
 * The connection is closed, because the end of such a request is not certain.
 * @throws AppError
 */
export function assertHttpRules(request: IncomingMessage, response: Response): void {
  const problem = violation(request);
  if (problem === null) return;
  response.setHeader('connection', 'close');
  throw problem;
}
