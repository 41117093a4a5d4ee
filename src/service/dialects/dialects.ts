import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { settle } from '../http/answer.interceptor.js';
import { RouteTable } from '../http/routes.js';
import { writeReply } from '../http/write-reply.js';
import { contextOf } from '../request/request-context.js';
import type { Dialect } from './dialect.js';
import { WireAnswers } from './wire-answers.js';

/** Answers the routes of every dialect that has no controllers. A dialect adds itself when its module starts. */
@Injectable()
export class Dialects {
  constructor(
    private readonly routes: RouteTable,
    private readonly wire: WireAnswers,
  ) {}

  add<Shape>(dialect: Dialect<Shape>): void {
    this.routes.addDialect(dialect, (request, response, next) => {
      this.answer(dialect, request, response).catch(next);
    });
  }

  private async answer<Shape>(dialect: Dialect<Shape>, request: Request, response: Response): Promise<void> {
    const context = contextOf(response);
    if (context === undefined) throw new Error('The request middleware has not run.');
    writeReply(response, settle(await this.wire.handle(dialect, request, context), context));
  }
}
