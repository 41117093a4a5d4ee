import type { VersionRunner } from '../measure/version-runner.js';

/** Time between two lines about the same stage: a large encoder takes minutes for some of them. */
const INTERVAL_MS = 10_000;

/**
 * Says every few seconds how far a trial is. It goes by a clock, because a load or a long run gives no other sign for
 * minutes. The owner must stop it.
 */
export class TrialProgress {
  private stage = '';
  private texts: number | null = null;
  private answeredBefore = 0;
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly runner: Pick<VersionRunner, 'answeredTexts' | 'loadMs'>,
    private readonly say: (sentence: string) => void,
  ) {
    this.timer = setInterval(() => {
      this.tell();
    }, INTERVAL_MS);
  }

  /** @param texts that the stage runs; null where that is not known before */
  begin(stage: string, texts: number | null): void {
    this.stage = stage;
    this.texts = texts;
    this.answeredBefore = this.runner.answeredTexts;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tell(): void {
    const { loadMs, answeredTexts } = this.runner;
    const seconds = Math.round((performance.now() - this.startedAt) / 1000);
    if (loadMs === null) {
      this.say(`the model is being loaded and warmed up (${seconds} s so far)`);
      return;
    }
    const done = answeredTexts - this.answeredBefore;
    this.say(
      `${this.stage}: ${done}${this.texts === null ? '' : ` of ${this.texts}`} texts (${seconds} s so far)`,
    );
  }
}
