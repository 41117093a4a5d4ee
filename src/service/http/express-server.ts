import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';

/** The two objects that Express sets as prototypes of every request and every response; its types do not name them. */
interface Prototypes {
  request: object;
  response: object;
}

/**
 * Creates the HTTP server of an Express application, whose requests and responses have Express' prototypes from their
 * construction on. Express sets the prototypes on each request with `Object.setPrototypeOf`. On objects that Node made
 * as its own classes this changes their hidden class, so that no inline cache ever hits and the garbage collector keeps
 * what died young: an empty Express handler then answers a third of the requests (ADR 18;
 * https://github.com/expressjs/express/issues/5998). On objects that already have the prototype it does nothing.
 */
export function createExpressServer(express: Express): Server {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse extends ServerResponse {}
  const application = express as unknown as Prototypes;
  Object.setPrototypeOf(ExpressRequest.prototype, application.request);
  Object.setPrototypeOf(ExpressResponse.prototype, application.response);
  application.request = ExpressRequest.prototype;
  application.response = ExpressResponse.prototype;
  return createServer({ IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse }, express);
}
