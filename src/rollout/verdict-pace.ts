/** The samples of a rollout that its verdict waits for. */
export interface Samples {
  /** Distinct texts compared since the rollout began. */
  readonly pairs: number;
  /** The canary's answers to users in this step; in shadow mode, the pairs of this step. */
  readonly answers: number;
}

/** When there will be enough samples for a verdict, at the traffic of the last minutes. snake_case: sent by /admin. */
export interface VerdictEstimate {
  /** 0 when there are enough; null when samples are missing and none arrive, or when it is too early to say. */
  readonly ms: number | null;
  readonly pairs_left: number;
  readonly answers_left: number;
  /** Null before there is anything to measure by. */
  readonly pairs_per_minute: number | null;
  readonly answers_per_minute: number | null;
}

/** The time that a rate is measured over, in milliseconds. */
export const WINDOW_MS = 5 * 60_000;

/** Rates over less than this would be chance. */
const SHORTEST_MS = 1000;

/** The least distance between two notes, so that the window holds about 30 of them. */
const INTERVAL_MS = 10_000;

interface Note extends Samples {
  readonly atMs: number;
}

const MINUTE_MS = 60_000;

/** How fast the samples of one step of a rollout arrive. Times are those of a monotonic clock, in milliseconds. */
export class VerdictPace {
  private notes: Note[] = [];

  /** Whether a note at this moment would be kept. */
  isDue(atMs: number): boolean {
    const last = this.notes.at(-1);
    return last === undefined || atMs - last.atMs >= INTERVAL_MS;
  }

  /** Notes the samples at a moment; call it every second or so. */
  note({ pairs, answers }: Samples, atMs: number): void {
    if (!this.isDue(atMs)) return;
    this.notes = [...this.notes.filter((note) => atMs - note.atMs < WINDOW_MS), { pairs, answers, atMs }];
  }

  /** @param minimum the number of pairs, and of answers, that a verdict needs */
  estimate({ pairs, answers }: Samples, minimum: number, atMs: number): VerdictEstimate {
    const first = this.notes.find((note) => atMs - note.atMs <= WINDOW_MS);
    const ms = first === undefined ? 0 : atMs - first.atMs;
    const perMinute = (count: number, before: number): number | null =>
      ms < SHORTEST_MS ? null : (Math.max(0, count - before) / ms) * MINUTE_MS;
    const pairsPerMinute = perMinute(pairs, first?.pairs ?? 0);
    const answersPerMinute = perMinute(answers, first?.answers ?? 0);
    const [pairsLeft, answersLeft] = [Math.max(0, minimum - pairs), Math.max(0, minimum - answers)];
    const [pairsMs, answersMs] = [msFor(pairsLeft, pairsPerMinute), msFor(answersLeft, answersPerMinute)];
    return {
      ms: pairsMs === null || answersMs === null ? null : Math.max(pairsMs, answersMs),
      pairs_left: pairsLeft,
      answers_left: answersLeft,
      pairs_per_minute: pairsPerMinute,
      answers_per_minute: answersPerMinute,
    };
  }
}

function msFor(left: number, perMinute: number | null): number | null {
  if (left === 0) return 0;
  return perMinute === null || perMinute === 0 ? null : Math.round((left / perMinute) * MINUTE_MS);
}
