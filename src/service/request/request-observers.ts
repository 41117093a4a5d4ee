import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { AppError } from '../../base/errors/app-error.js';
import { failureOf } from './problem.filter.js';
import { RequestContext, type RequestEnd } from './request-context.js';
import { requestIdFrom } from './request-ids.js';
import type { RequestRecord } from './request-record.js';

/** What proxies log for a client that left before it was answered (nginx' convention); never sent. */
const CLIENT_LEFT_STATUS = 499;

/** Sees each request once, when its response has closed. Must not throw, nor keep the record beyond the call. */
export interface RequestObserver {
  ended(record: RequestRecord): void;
}

/** Gives the record of each request to the observers; they add themselves, in the order in which they are told. */
@Injectable()
export class RequestObservers {
  private readonly observers: RequestObserver[] = [];

  add(observer: RequestObserver): void {
    this.observers.push(observer);
  }

  /** To be called once, when the response has closed. */
  closed(response: Response, context: RequestContext): void {
    const aborted = !response.writableFinished;
    const left = aborted && !response.headersSent;
    this.end(context, {
      status: left ? CLIENT_LEFT_STATUS : response.statusCode,
      aborted,
      failure: failureOf(response) ?? null,
    });
  }

  /**
   * The same for what could not be read as a request.
   * @returns the id under which it is known
   */
  unread(failure: AppError): string {
    const context = new RequestContext(requestIdFrom(undefined), null, 0);
    context.isRejected = true;
    this.end(context, { status: failure.status, aborted: false, failure });
    return context.requestId;
  }

  private end(context: RequestContext, end: RequestEnd): void {
    context.end(end);
    if (end.aborted) context.clientLeft();
    for (const observer of this.observers) observer.ended(context);
  }
}
