import { Injectable } from '@nestjs/common';
import type { CacheOutcome } from '../cache/prediction-cache.js';
import type { Caller } from '../request/caller.js';
import type { PickedAsk } from './ask.js';

/** Sees each text once, when its outcome is known and before its caller is answered. Must not throw. */
export interface AnswerObserver {
  answered(outcome: CacheOutcome<PickedAsk>, caller: Caller): void;
}

/** The observers of answers: feedback and the comparison of versions add themselves, so answers know neither. */
@Injectable()
export class AnswerObservers {
  private readonly observers: AnswerObserver[] = [];

  add(observer: AnswerObserver): void {
    this.observers.push(observer);
  }

  /** To be called once for each text. What the service asks itself is no evidence, and no observer sees it. */
  tell(outcome: CacheOutcome<PickedAsk>, caller: Caller): void {
    if (caller.origin === 'internal') return;
    for (const observer of this.observers) observer.answered(outcome, caller);
  }
}
