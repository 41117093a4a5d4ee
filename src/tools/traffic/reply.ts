/** Where an answer came from: `model`, or the level of the cache, as the service names it. */
export type Source = 'model' | 'memory' | 'redis' | 'cache';

/** The outcome of one request. */
export type Reply =
  | {
      readonly ok: true;
      readonly source: Source;
      /** Of the model. */
      readonly version: string;
    }
  | {
      readonly ok: false;
      /** Of the problem; UNREACHABLE, NO_ANSWER (none in time) or UNREADABLE_ANSWER when there is no problem document. */
      readonly code: string;
    };

/** A failed reply of any kind, with its code. */
export type AnyReply = { readonly ok: true } | { readonly ok: false; readonly code: string };

/** A request that was sent, and its outcome. */
export interface Exchange<R extends AnyReply = Reply> {
  /** Place in the trace, from 0. */
  readonly index: number;
  /** When it was sent, milliseconds after the replay began. */
  readonly sentMs: number;
  /** How much later than the schedule wanted; 0 without a schedule. */
  readonly lateMs: number;
  /** Until the whole answer was there, from the moment that the schedule wanted it sent. */
  readonly latencyMs: number;
  readonly reply: R;
}
