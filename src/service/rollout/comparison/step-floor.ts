/**
 * The first answers of a step are all compared. Of 50 pairs, the gate on disagreement needs 3 to roll back a canary
 * whose answers are all different, and 17 for one that differs on every second text (docs/gates.md).
 */
const FIRST_ANSWERS = 50;

/** After the first answers, one pair is due for so many answers: 5 % more work than the canary's own texts. */
const ANSWERS_PER_PAIR = 20;

/**
 * The pairs that one step of a rollout is owed, however busy the workers are: one for each of the canary's first 50
 * answers, then one for every 20 answers until the rollout has enough pairs. It counts pairs and not tries: a pair that
 * could not be made stays owed, and a later answer is tried in its place.
 */
export class StepFloor {
  private answers = 0;
  private pairs = 0;
  private underway = 0;

  /** @param visit the step, as StepInfo.visit */
  constructor(readonly visit: number) {}

  /**
   * Counts an answer of the canary to a text that has no pair yet.
   * @param isEnough whether the rollout has all the pairs that it needs to be judged; then only the first answers count
   * @returns whether this text must be compared now; the caller then has to call {@link ended}
   */
  claim(isEnough: boolean): boolean {
    this.answers++;
    if (this.underway >= FIRST_ANSWERS || this.pairs + this.underway >= this.due(isEnough)) return false;
    this.underway++;
    return true;
  }

  /** A claimed text was compared, or could not be. */
  ended(): void {
    this.underway--;
  }

  /** Counts a pair, whether it was claimed or made in spare time. */
  paired(): void {
    this.pairs++;
  }

  private due(isEnough: boolean): number {
    const later = isEnough ? 0 : Math.floor((this.answers - FIRST_ANSWERS) / ANSWERS_PER_PAIR);
    return Math.min(this.answers, FIRST_ANSWERS) + Math.max(0, later);
  }
}
