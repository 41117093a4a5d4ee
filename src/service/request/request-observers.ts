import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import type { AppError } from '../../base/errors/app-error.js';
import { failureOf } from './problem.filter.js';
import { RequestContext, type RequestEnd } from './request-context.js';
import { requestIdFrom } from './request-ids.js';
import type { RequestRecord } from './request-record.js';

/** The status that proxies log for a client that left before its answer (nginx' convention); never sent. */
const CLIENT_LEFT_STATUS = 499;

/**
 * Called once for each request, when its response has closed. It must not throw, and must not keep the record after the
 * call.
 */
export interface RequestObserver {
  ended(record: RequestRecord): void;
}

/** Gives the record of each request to the observers, in the order in which they added themselves. */
@Injectable()
export class RequestObservers {
  private readonly observers: RequestObserver[] = [];

  add(observer: RequestObserver): void {
    this.observers.push(observer);
  }

  /** Reports a request; call it once, when the response has closed. */
  closed(response: Response, context: RequestContext): void {
    const aborted = !response.writableFinished;
    const left = aborted && !response.headersSent;
    this.end(context, {
      status: left ? CLIENT_LEFT_STATUS : response.statusCode,
      aborted,
      failure: failureOf(response) ?? context.failure,
    });
  }

  /**
   * Reports input that could not be read as a request.
   * @param method null when even that could not be read
   * @returns the new request id of this input
   */
  unread(failure: AppError, method: string | null): string {
    const context = new RequestContext(requestIdFrom(undefined), null, 0);
    context.method = method;
    context.isRejected = true;
    this.end(context, { status: failure.status, aborted: false, failure });
    return context.requestId;
  }

  private end(context: RequestContext, end: RequestEnd): void {
    context.end(end);
    if (end.aborted) context.departure.leave();
    for (const observer of this.observers) observer.ended(context);
  }
}
