import type { Response } from 'express';
import { JSON_TYPE, NO_HEADERS, type Reply } from '../request/reply.js';

/** Writes an object as JSON. Its headers go as one list: each one that is set by itself is kept in a table first. */
export function writeJson(response: Response, status: number, body: object): Response {
  const json = JSON.stringify(body);
  return response
    .writeHead(status, ['content-type', JSON_TYPE, 'content-length', String(Buffer.byteLength(json))])
    .end(json);
}

/** Writes a reply as it says. */
export function writeReply(response: Response, { status, headers, body }: Reply): Response {
  const isBytes = Buffer.isBuffer(body);
  if (headers === NO_HEADERS && !isBytes) return writeJson(response, status, body);
  const content = isBytes ? body : JSON.stringify(body);
  const list = Object.entries(headers).flat();
  if (headers['content-type'] === undefined) list.push('content-type', JSON_TYPE);
  list.push('content-length', String(Buffer.byteLength(content)));
  return response.writeHead(status, list).end(content);
}
