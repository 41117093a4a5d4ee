import { Injectable } from '@nestjs/common';
import type { CacheOutcome } from '../cache/prediction-cache.js';
import type { PickedVersion } from '../canary/canary.service.js';
import type { RequestContext } from '../request/request-context.js';

/** One text of a user, with its outcome. */
export interface AnsweredText {
  readonly picked: PickedVersion;
  readonly text: string;
  /** Its place in a batch; null for the one text of /predict. */
  readonly index: number | null;
  readonly outcome: CacheOutcome;
}

/** Sees each text of a user once, when its outcome is known and before its user is answered. Must not throw. */
export interface AnswerObserver {
  answered(text: AnsweredText, context: RequestContext): void;
}

/** The observers of answers: feedback and the comparison of versions add themselves, so answers know neither. */
@Injectable()
export class AnswerObservers {
  private readonly observers: AnswerObserver[] = [];

  add(observer: AnswerObserver): void {
    this.observers.push(observer);
  }

  /** To be called once for each text. */
  tell(text: AnsweredText, context: RequestContext): void {
    for (const observer of this.observers) observer.answered(text, context);
  }
}
