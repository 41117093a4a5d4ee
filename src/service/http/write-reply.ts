import type { Response } from 'express';
import { JSON_TYPE, NO_HEADERS, type Reply } from '../request/reply.js';

/**
 * Writes an object as JSON. Its headers are passed as one list, because Node first stores headers that are set one by
 * one in a table.
 */
export function writeJson(response: Response, status: number, body: object): Response {
  const json = JSON.stringify(body);
  return response
    .writeHead(status, ['content-type', JSON_TYPE, 'content-length', String(Buffer.byteLength(json))])
    .end(json);
}

/** Writes a reply with its status and headers. */
export function writeReply(response: Response, { status, headers, body }: Reply): Response {
  const isBytes = Buffer.isBuffer(body);
  if (headers === NO_HEADERS && !isBytes) return writeJson(response, status, body);
  const content = isBytes ? body : JSON.stringify(body);
  const list = Object.entries(headers).flat();
  if (headers['content-type'] === undefined) list.push('content-type', JSON_TYPE);
  list.push('content-length', String(Buffer.byteLength(content)));
  return response.writeHead(status, list).end(content);
}
