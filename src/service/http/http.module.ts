import type { Server } from 'node:http';
import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type NestModule,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { APP_FILTER, DiscoveryModule, DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { Metrics } from '../observability/metrics.js';
import { LINE_LOGGER, type LineLogger } from '../observability/logger.js';
import { RequestLine } from '../observability/request-line.js';
import { RedisModule } from '../redis/redis.module.js';
import { Lifecycle } from '../request/lifecycle.js';
import { ProblemFilter } from '../request/problem.filter.js';
import { RequestObservers } from '../request/request-observers.js';
import { Access } from './access/access.js';
import { UntrustedProxy } from './access/untrusted-proxy.js';
import { stampAnswers } from './answer-headers.js';
import { limitConnections } from './connection-limit.js';
import { declaredRoutes } from './declared-routes.js';
import { addExpressRoutes } from './express-routes.js';
import type { JsonAdapter } from './json-adapter.js';
import { RequestPipeline } from './request-pipeline.js';
import { RouteTable } from './routes.js';
import { answerUnreadable, receiveExpectations } from './unreadable-requests.js';

/**
 * Longer than the 60 s after which load balancers close idle connections: the load balancer then closes first and no
 * request is lost.
 */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** Limits for a client's headers and for its whole request: a slower client would only occupy a connection. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_READ_TIMEOUT_MS = 30_000;

/** The handling that every request and every answer shares, whatever its route. */
@Module({
  imports: [RedisModule, DiscoveryModule],
  providers: [
    Access,
    UntrustedProxy,
    RouteTable,
    RequestPipeline,
    RequestLine,
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
  exports: [RouteTable, Access],
})
export class HttpModule implements NestModule, OnModuleInit, OnApplicationBootstrap {
  /** @param logger receives one line per request */
  static forRoot(logger: LineLogger): DynamicModule {
    return { module: HttpModule, global: true, providers: [{ provide: LINE_LOGGER, useValue: logger }] };
  }

  constructor(
    private readonly host: HttpAdapterHost<JsonAdapter>,
    private readonly routes: RouteTable,
    private readonly pipeline: RequestPipeline,
    private readonly observers: RequestObservers,
    private readonly discovery: DiscoveryService,
    private readonly lifecycle: Lifecycle,
    private readonly metrics: Metrics,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  /**
   * Nest calls this before it registers routes. The pipeline is given to Express itself: for a middleware that is
   * applied through the consumer, Nest adds each request to a WeakSet, and the garbage collector then took 41 µs of
   * each cached answer instead of 18 (ADR 11).
   */
  configure(): void {
    this.host.httpAdapter.use(this.pipeline.handle);
  }

  onModuleInit(): void {
    const express: Express = this.host.httpAdapter.getInstance();
    express.disable('x-powered-by').disable('etag');
    if (this.config.trustProxy !== null) express.set('trust proxy', this.config.trustProxy);
    stampAnswers(express, this.lifecycle);

    const { httpAdapter } = this.host;
    const server: Server = httpAdapter.getHttpServer();
    this.prepare(server);
    const { workers, spareWorkers } = this.config;
    limitConnections(server, workers + spareWorkers, this.metrics, new Logger('Http'));
    if (this.config.adminPort !== null) this.prepare(httpAdapter.adminServer);
  }

  private prepare(server: Server): void {
    answerUnreadable(server, this.observers);
    receiveExpectations(server);
    server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_READ_TIMEOUT_MS;
  }

  /** Reads the routes here because every module has registered its routes by now. */
  onApplicationBootstrap(): void {
    addExpressRoutes(this.host.httpAdapter.getInstance(), this.routes);
    this.routes.add('/docs/*', ['GET', 'HEAD']);
    for (const route of declaredRoutes(this.discovery)) this.routes.declare(route);
  }
}
