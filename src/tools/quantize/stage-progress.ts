/** Time between two lines about the same stage. */
const INTERVAL_MS = 5_000;

/** Tells how far a stage is: at its beginning, and every few seconds after. */
export class StageProgress {
  private toldAt = 0;

  constructor(private readonly say: (sentence: string) => void) {}

  /** Starts a stage and reports it. */
  begin(stage: string): void {
    this.say(stage);
    this.toldAt = performance.now();
  }

  /** A reader of progress within a stage: `<what>: 128 of 512`. */
  of(what: string, total: number): (done: number) => void {
    return (done) => {
      if (performance.now() - this.toldAt < INTERVAL_MS) return;
      this.say(`${what}: ${done} of ${total}`);
      this.toldAt = performance.now();
    };
  }
}
