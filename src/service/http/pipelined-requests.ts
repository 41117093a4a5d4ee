import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEM_JSON, type ProblemShape, shapeOf } from '../request/reply.js';

/**
 * Most requests of one connection that are served at the same time, and that begin in one turn of the event loop. It is
 * more than a client needs that uses pipelining to hide a round trip, and delays other connections by 2 ms at most.
 */
export const MAX_IN_HAND = 32;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * The requests of one connection. Node hands over every request as soon as it is read, whether or not the earlier ones
 * have their answers; and what memory answers is answered before Node reads on, so that a block of many such requests
 * would be one step of the event loop. Here a request waits while MAX_IN_HAND earlier ones are served, and the
 * connection is not read while requests wait, so that a client without patience fills its own buffers and not the
 * memory of the service. Node has then read two blocks (of 64 KiB) at most. The answers keep their order: Node writes
 * them in the order of the requests.
 */
class ConnectionRequests {
  latest: ServerResponse | undefined;
  /** The shape of failures of the latest request, once it has ended. */
  shape = PROBLEM_JSON;
  private readonly inHand = new Set<ServerResponse>();
  private waiting: Exchange[] = [];
  /** Requests since the last one that waited. */
  private sinceWait = 0;
  private isPipelined = false;
  private turn: NodeJS.Immediate | undefined;

  constructor(
    private readonly socket: Duplex,
    private readonly serve: RequestListener,
  ) {}

  /**
   * Nearly every client waits for its answer before it sends its next request. Here it costs a comparison and a count:
   * one request in MAX_IN_HAND waits for the next turn, because nothing shows how many of them were read in this one.
   */
  receive(request: IncomingMessage, response: ServerResponse): void {
    const before = this.latest;
    this.latest = response;
    const isSoon = ++this.sinceWait <= MAX_IN_HAND;
    if (isSoon && (before === undefined || before.writableFinished)) this.serve(request, response);
    else this.pipeline({ request, response }, before);
  }

  /**
   * A response has closed. Of an exchange that is complete only the shape is kept: on a connection that rests, the
   * objects of its last request would live until the next one, and the garbage collector would copy them meanwhile.
   */
  closed(response: ServerResponse): void {
    if (this.latest !== response || !response.req.complete) return;
    this.shape = shapeOf(response);
    this.latest = undefined;
  }

  /** Serves the latest request now, although it is not its turn. For a connection that has no request after it. */
  startLatest(): void {
    const last = this.waiting.at(-1);
    if (last === undefined || last.response !== this.latest) return;
    this.waiting.pop();
    this.start(last);
  }

  private pipeline(exchange: Exchange, before: ServerResponse | undefined): void {
    if (!this.isPipelined) {
      this.isPipelined = true;
      this.socket.on('resume', this.stayPaused);
      this.socket.once('close', this.abandon);
    }
    if (this.waiting.length === 0) {
      if (before !== undefined && !before.closed) this.track(before);
      if (this.sinceWait <= MAX_IN_HAND && this.inHand.size < MAX_IN_HAND) {
        this.start(exchange);
        return;
      }
    }
    this.waiting.push(exchange);
    this.sinceWait = 0;
    if (this.inHand.size < MAX_IN_HAND) this.turn ??= setImmediate(this.next);
    this.stayPaused();
  }

  private start({ request, response }: Exchange): void {
    this.track(response);
    this.serve(request, response);
  }

  private track(response: ServerResponse): void {
    if (this.inHand.has(response)) return;
    this.inHand.add(response);
    response.once('close', () => {
      this.inHand.delete(response);
      // In a turn of its own: answers that need no wait would otherwise follow one another without end.
      if (this.waiting.length > 0) this.turn ??= setImmediate(this.next);
    });
  }

  private readonly next = (): void => {
    this.turn = undefined;
    const free = this.waiting.splice(0, MAX_IN_HAND - this.inHand.size);
    for (const exchange of free) this.start(exchange);
    if (this.waiting.length === 0 && this.socket.isPaused()) this.socket.resume();
  };

  /**
   * Node resumes a connection whenever the body of a request is read. One request waits for its turn alone, and is not
   * worth a pause.
   */
  private readonly stayPaused = (): void => {
    if (this.waiting.length > 1) this.socket.pause();
  };

  /** Node tells the end of a connection to the response that it writes, and to none behind it. */
  private readonly abandon = (): void => {
    this.waiting = [];
    for (const response of [...this.inHand]) {
      if (response.closed || response.destroyed) continue;
      response.destroy();
      response.emit('close');
    }
  };
}

const REQUESTS = Symbol('requests of the connection');

interface WithRequests extends Duplex {
  [REQUESTS]?: ConnectionRequests;
}

/** Bounds the requests of one connection that are served at the same time. */
export function inTurn(serve: RequestListener): RequestListener {
  return (request, response) => {
    const socket: WithRequests = request.socket;
    let requests = socket[REQUESTS];
    if (requests === undefined) {
      requests = new ConnectionRequests(socket, serve);
      socket[REQUESTS] = requests;
    }
    requests.receive(request, response);
  };
}

/** To be called when a response has closed. */
export function responseClosed(response: ServerResponse): void {
  (response.req.socket as WithRequests)[REQUESTS]?.closed(response);
}

/** The shape of failures of the latest request of a connection; the service's own before the first. */
export function latestShape(socket: Duplex): ProblemShape {
  const requests = (socket as WithRequests)[REQUESTS];
  return requests?.latest === undefined ? (requests?.shape ?? PROBLEM_JSON) : shapeOf(requests.latest);
}

/** The response of the latest request of a connection; undefined before the first, and when it has ended. */
export const latestResponse = (socket: Duplex): ServerResponse | undefined =>
  (socket as WithRequests)[REQUESTS]?.latest;

/** Serves the latest request of a connection now, for the connection has no request after it. */
export function startLatest(socket: Duplex): void {
  (socket as WithRequests)[REQUESTS]?.startLatest();
}
