// The least that an answer over Nest and Express can cost: the same body, validated by the same rules with Nest's own
// ValidationPipe (unknown fields are refused, as the service refuses them), and a constant of the same shape, on the same
// kind of server (ADR 18). No log line, no metrics, no request id.
import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Body, Controller, HttpCode, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { IsInt, IsOptional, IsString, Matches, Min } from 'class-validator';
import type { Express } from 'express';
import { createExpressServer } from '../../src/service/http/express-server.js';
import { answerParent } from '../base/child.js';
import type { Listening } from './baseline-service.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The fields and rules of the service's own POST /predict. */
class ConstantRequest {
  @IsString()
  text!: string;

  @IsOptional()
  @Matches(NAME)
  model?: string;

  @IsOptional()
  @Matches(NAME)
  version?: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  top_k?: number;
}

const ANSWER = {
  label: 'POSITIVE',
  score: 0.9998352527618408,
  model_name: 'sentiment',
  model_version: 'v1',
  cache_hit: true,
  tokens: 25,
  truncated: false,
  latency_ms: 0.123,
  request_id: '5f1c7f9a0d7e4c0b8a1d2e3f40516273',
};

@Controller()
class ConstantController {
  @Post('predict')
  @HttpCode(200)
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- it is there to be validated
  predict(@Body() _body: ConstantRequest): typeof ANSWER {
    return ANSWER;
  }
}

@Module({ controllers: [ConstantController] })
class ConstantModule {}

class ConstantAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    this.httpServer = createExpressServer(this.getInstance<Express>());
  }
}

async function serve(): Promise<Listening> {
  const app = await NestFactory.create(ConstantModule, new ConstantAdapter(), { logger: false });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  return { port: (server.address() as AddressInfo).port };
}

answerParent(serve);
