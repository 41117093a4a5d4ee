import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import { accessMiddleware } from './service/http/access/access-middleware.js';
import { adminGuard } from './service/http/access/admin-guard.js';
import { jsonBody } from './service/http/access/json-body.js';
import type { SerinConfig } from './base/config/serin-config.js';
import { ProblemFilter } from './service/request/problem.filter.js';
import { stampAnswers } from './service/http/answer-headers.js';
import { addExpressRoutes, directMiddleware } from './service/http/express-routes.js';
import { Lifecycle } from './service/request/lifecycle.js';
import type { LineLogger } from './service/observability/logger.js';
import { Metrics } from './service/observability/metrics.js';
import { RequestLog } from './service/observability/request-log.js';
import { requestMiddleware } from './service/http/request-middleware.js';
import { routeMiddleware } from './service/http/route-middleware.js';
import { RouteTable } from './service/http/routes.js';
import { answerUnreadable } from './service/http/unreadable-requests.js';
import { serveDocument } from './service/http/openapi.js';
import { RedisConnection } from './service/redis/redis-connection.js';

/** Longer than the 60 s after which load balancers give up idle connections: they close first, so nothing is lost. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** A client that takes longer to send its headers, or the whole of its request, holds a connection for nothing. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_READ_TIMEOUT_MS = 30_000;

/** Routes that need an API key and count against the rate limit. */
const FOR_CLIENTS = ['/predict', '/predict_batch', '/feedback'];

/**
 * Everything between the socket and the controllers, in the order in which a request meets it. What can be
 * refused without reading the body is refused before the body is read.
 */
export async function setUpApp(
  app: NestExpressApplication,
  config: SerinConfig,
  logger: LineLogger,
): Promise<void> {
  const express: Express = app.getHttpAdapter().getInstance();
  const routes = new RouteTable();
  express.disable('x-powered-by').disable('etag');
  if (config.trustProxy !== null) express.set('trust proxy', config.trustProxy);
  stampAnswers(express, app.get(Lifecycle));

  const requestLog = new RequestLog(logger, app.get(Metrics));
  app.use(requestMiddleware(requestLog, routes, config.requestTimeoutMs));
  app.use('/admin', adminGuard(config.adminToken));
  app.use(routeMiddleware(routes));
  const redis = app.get<RedisConnection | null>(RedisConnection);
  for (const handler of accessMiddleware(config, redis)) app.use(FOR_CLIENTS, handler);
  app.use(jsonBody(config.maxBodyBytes));
  app.use(directMiddleware(routes));
  app.useGlobalFilters(new ProblemFilter());
  serveDocument(app);

  await app.init();
  addExpressRoutes(express, routes);
  routes.add('/docs/*', ['GET', 'HEAD']);

  const server: Server = app.getHttpServer();
  answerUnreadable(server, requestLog);
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_READ_TIMEOUT_MS;
}
