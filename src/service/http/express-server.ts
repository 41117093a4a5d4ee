import { createServer, IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';
import { inTurn } from './pipelined-requests.js';
import { originForm } from './routes.js';

/** The two objects that Express sets as prototypes of every request and every response; its types do not name them. */
interface Prototypes {
  request: object;
  response: object;
}

interface Classes {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse<IncomingMessage>;
}

/** How often Node looks for clients that are too slow: by default each 30 s, which is longer than the time they have. */
const SLOW_CLIENT_CHECK_MS = 1_000;

const known = new WeakMap<Express, Classes>();

/** The classes of an application's requests and responses, which all servers of the application share. */
function classesOf(express: Express): Classes {
  const made = known.get(express);
  if (made !== undefined) return made;
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse extends ServerResponse {}
  const application = express as unknown as Prototypes;
  Object.setPrototypeOf(ExpressRequest.prototype, application.request);
  Object.setPrototypeOf(ExpressResponse.prototype, application.response);
  application.request = ExpressRequest.prototype;
  application.response = ExpressResponse.prototype;
  const classes = { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
  known.set(express, classes);
  return classes;
}

/**
 * Creates an HTTP server of an Express application, whose requests and responses have Express' prototypes from their
 * construction on. Express sets the prototypes on each request with `Object.setPrototypeOf`. On objects that Node made
 * as its own classes this changes their hidden class, so that no inline cache ever hits and the garbage collector keeps
 * what died young: an empty Express handler then answers a third of the requests (ADR 18;
 * https://github.com/expressjs/express/issues/5998). On objects that already have the prototype it does nothing.
 *
 * The target of each request is in origin form before Express sees it: Express answers a target without a path, such as
 * `http://`, by itself. Node refuses nothing by itself either: the application checks the host header (http-rules.ts).
 *
 * @param before called with each request before Express is
 */
export function createExpressServer(express: Express, before?: (request: IncomingMessage) => void): Server {
  const serve: RequestListener = (request, response) => {
    request.url = originForm(request.url ?? '/');
    before?.(request);
    express(request, response);
  };
  const options = { requireHostHeader: false, connectionsCheckingInterval: SLOW_CLIENT_CHECK_MS };
  const server = createServer({ ...classesOf(express), ...options }, inTurn(serve));
  // Node would drop the headers beyond its limit without a word. The limit on their size still holds.
  server.maxHeadersCount = 0;
  return server;
}
