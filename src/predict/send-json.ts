import type { ServerResponse } from 'node:http';

/**
 * Answers with JSON, as Express would, without its look at content types, ETags and conditional requests: none of them
 * applies to the answer of a POST, and together they cost more than the look-up of a hit.
 */
export function sendJson(response: ServerResponse, body: object): void {
  const json = JSON.stringify(body);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(json));
  response.end(json);
}
