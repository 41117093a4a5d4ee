import { once } from 'node:events';
import { connect } from 'node:net';
import type { Problem } from '../../src/base/errors/problem.js';

/** One answer as it came over the connection. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

export const CRLF = '\r\n';

/** Request line and headers. */
export const head = (...lines: string[]): string => [...lines, '', ''].join(CRLF);

export const JSON_TYPE = 'content-type: application/json';

/** A whole request. */
export const PREDICT =
  head('POST /predict HTTP/1.1', 'host: a', JSON_TYPE, 'content-length: 18') + '{"text":"A film."}';

/** Every answer on one connection until the service closes it. */
function answersOf(bytes: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; rest !== '';) {
    const bodyAt = rest.indexOf(CRLF + CRLF) + 4;
    const [top = '', ...lines] = rest.slice(0, bodyAt).trimEnd().split(CRLF);
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(': ')[0]?.toLowerCase(), line.slice(line.indexOf(': ') + 2)]),
    ) as Record<string, string>;
    // Without a length, as for HTTP/1.0, a body ends with its connection.
    const end = bodyAt + Number(headers['content-length'] ?? rest.length);
    const body = JSON.parse(rest.slice(bodyAt, end)) as Problem;
    answers.push({ status: Number(top.split(' ')[1]), headers, body });
    rest = rest.slice(end);
  }
  return answers;
}

/** All bytes on one connection until the service closes it. Sends each piece when the one before it has been answered. */
export async function exchange(url: string, ...pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  const closed = once(socket, 'close');
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await once(socket, 'data');
    socket.write(piece);
  }
  await closed;
  return received;
}

/** The answers that {@link exchange} received. */
export const send = async (url: string, ...pieces: readonly string[]): Promise<RawAnswer[]> =>
  answersOf(await exchange(url, ...pieces));
