import { type WriteRefusal, writeRefusalOf } from '../../base/redis/write-refusal.js';

/** How often a server that refuses writes is asked whether it takes them again. */
const PROBE_MS = 1_000;

/** No listener may throw. */
interface RefusalEvents {
  /** Writes are refused, for another reason than before; or null: they are not refused, as far as is known. */
  readonly onChange: (refusal: WriteRefusal | null) => void;
  /** The server has taken a write after it had refused writes for this time. */
  readonly onAccepted: (refusedMs: number) => void;
}

/**
 * Whether the server refuses writes. An error of a write begins it. Only a write ends it: reads succeed all the time,
 * and scripts that happen to write nothing too. So a probe is sent every second for as long as it lasts.
 */
export class RefusedWrites {
  private refusal: WriteRefusal | null = null;
  private since = 0;
  private probing: NodeJS.Timeout | null = null;

  /** @param probe sends one write; it must not report its errors here */
  constructor(
    private readonly probe: () => Promise<unknown>,
    private readonly events: RefusalEvents,
  ) {}

  get current(): WriteRefusal | null {
    return this.refusal;
  }

  /** Looks at the error of a command. @returns whether the server refused a write */
  note(error: unknown): boolean {
    const refusal = writeRefusalOf(error);
    if (refusal === null) return false;
    if (this.refusal === null) this.since = performance.now();
    if (this.refusal !== refusal) {
      this.refusal = refusal;
      this.events.onChange(refusal);
    }
    this.probing ??= setInterval(() => void this.look(), PROBE_MS).unref();
    return true;
  }

  /** The connection is lost: the server that is reached next may be another one. */
  forget(): void {
    if (this.probing !== null) clearInterval(this.probing);
    this.probing = null;
    if (this.refusal === null) return;
    this.refusal = null;
    this.events.onChange(null);
  }

  private async look(): Promise<void> {
    try {
      await this.probe();
    } catch (error) {
      this.note(error);
      return;
    }
    if (this.refusal === null) return;
    this.forget();
    this.events.onAccepted(performance.now() - this.since);
  }
}
