// The least that an answer over Nest and Express can cost: the same body, validated by the same rules with Nest's own
// ValidationPipe (unknown fields are refused, as the service refuses them), and a constant of the same shape. No log
// line, no metrics, no request id.
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { Body, Controller, HttpCode, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConstantRequest } from './constant-request.dto.js';

export interface ConstantReady {
  readonly port: number;
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

async function serve(): Promise<ConstantReady> {
  const app = await NestFactory.create(ConstantModule, { logger: false });
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  return { port: (server.address() as AddressInfo).port };
}

process.once('message', () => {
  void serve().then((ready) => process.send?.(ready));
});

// Whoever started it has gone.
process.once('disconnect', () => process.exit());
