import { maxHeaderSize, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Response } from 'express';
import { AppError } from '../../base/errors/app-error.js';
import { answerProblem } from '../request/problem.filter.js';
import { expectsContinue } from './http-rules.js';
import { latestResponse, latestShape, startLatest } from './pipelined-requests.js';
import { JSON_TYPE, problemReply, type ProblemShape } from '../request/reply.js';
import { contextOf } from '../request/request-context.js';
import type { RequestObservers } from '../request/request-observers.js';
import { toAppError } from '../request/to-app-error.js';

/**
 * How long a connection stays open after its last answer. A connection that is closed while it has unread bytes is
 * reset, and the client would lose the answer.
 */
const LINGER_MS = 1_000;

/**
 * Codes for a client that has disconnected, or has ended its side in the middle of a request: no client waits for an
 * answer.
 */
const HAS_LEFT = new Set(['ECONNRESET', 'HPE_INVALID_EOF_STATE']);

/** Converts an error of Node's HTTP parser (llhttp) into an AppError. */
function failureFrom({ code, reason }: NodeJS.ErrnoException & { readonly reason?: string }): AppError {
  switch (code ?? '') {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('REQUEST_TIMEOUT', 'The request did not arrive whole in time.');
    case 'HPE_HEADER_OVERFLOW':
      return new AppError(
        'HEADERS_TOO_LARGE',
        `The request line and headers are larger than ${maxHeaderSize} bytes.`,
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new AppError('BODY_TOO_LARGE', 'The chunk extensions of the body are too large; send none.');
    default:
      return new AppError('MALFORMED_HTTP', `This is not HTTP/1.1: ${reason ?? 'it cannot be parsed'}.`);
  }
}

function rawAnswer(failure: AppError, requestId: string, shape: ProblemShape): Buffer {
  // A target that no method reaches (RFC 9110, 10.2.1).
  const allow = failure.code === 'METHOD_NOT_ALLOWED' ? ['allow: '] : [];
  const reply = problemReply(failure, shape, { requestId, latencyMs: 0 }, toAppError);
  const { status, headers } = reply;
  const body = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(JSON.stringify(reply.body));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `date: ${new Date().toUTCString()}`,
    ...Object.entries({ 'content-type': JSON_TYPE, ...headers }).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
    `x-request-id: ${requestId}`,
    'cache-control: no-store',
    ...allow,
    'x-content-type-options: nosniff',
    'connection: close',
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), body]);
}

/** Runs a step once the response has closed; at once when there is none. */
function onceClosed(response: ServerResponse | undefined, step: () => void): void {
  if (response === undefined || response.closed) step();
  else response.once('close', step);
}

function endSoon(socket: Duplex): void {
  socket.end();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/**
 * Answers input that Node's HTTP parser rejects, which reaches no middleware, like every other bad input: with a
 * problem, a log line and an observation. An earlier request on the same connection is answered first, and its dialect
 * decides the shape of the problem.
 */
export function answerUnreadable(server: Server, observers: Pick<RequestObservers, 'unread'>): void {
  /** Writes the answer to the socket, because without a request there is no response object. */
  const answerRaw = (failure: AppError, socket: Duplex, method: string | null): void => {
    // The answer before this input has closed the connection: what follows it is no request.
    if (socket.writable) {
      const requestId = observers.unread(failure, method);
      socket.write(rawAnswer(failure, requestId, latestShape(socket)));
    }
    endSoon(socket);
  };

  const answerLast = (failure: AppError, socket: Duplex, method: string | null): void => {
    onceClosed(latestResponse(socket), () => {
      answerRaw(failure, socket, method);
    });
  };

  /** Sockets that have their answer: the parser reports the same fault again for each later chunk. */
  const given = new WeakSet<Duplex>();
  server.on('clientError', (error, socket) => {
    if (given.has(socket)) return;
    given.add(socket);
    if (!socket.writable || HAS_LEFT.has((error as NodeJS.ErrnoException).code ?? '')) {
      socket.destroy();
      return;
    }
    const failure = failureFrom(error);
    const response = latestResponse(socket);
    if (response === undefined || response.req.complete) {
      answerLast(failure, socket, null);
      return;
    }
    startLatest(socket);
    if (response.headersSent) {
      // The request was refused before its body was read, so it already has its answer.
      onceClosed(response, () => {
        endSoon(socket);
      });
    } else {
      const context = contextOf(response);
      if (context !== undefined) context.isRejected = true;
      response.setHeader('connection', 'close');
      answerProblem(failure, response as Response);
    }
  });

  server.on('connect', (_request, socket: Duplex) => {
    // Node has given the socket away, with nothing that would catch its errors.
    socket.on('error', () => socket.destroy());
    const failure = new AppError('METHOD_NOT_ALLOWED', 'CONNECT is not allowed: this service is no proxy.');
    answerLast(failure, socket, 'CONNECT');
  });
}

/** Gives requests with the header `expect` to the application, which refuses the expectations that it cannot meet. */
export function receiveExpectations(server: Server): void {
  server.on('checkContinue', (request, response) => {
    if (expectsContinue(request.headers.expect ?? '')) response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('checkExpectation', (request, response) => {
    server.emit('request', request, response);
  });
}
