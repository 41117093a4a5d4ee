import { count, percent } from '../../base/format.js';
import { tokensOf, type Tally } from './block-tally.js';

const LINE_INTERVAL_MS = 5_000;
const BAR_INTERVAL_MS = 200;
const BAR_CELLS = 24;

export interface ProgressSource {
  /** The counts of the lines written so far. */
  readonly total: Tally;
  /** The part of it that an earlier run has written. */
  readonly resumed: Tally;
  /** Part of the input that is answered, 0 to 1; null when its size is not known. */
  share(): number | null;
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-';
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return h > 0 ? `${String(h)}:${two(m)}:${two(s)}` : `${String(m)}:${two(s)}`;
}

/** One line about a run: `[####----] 42.0 %  12,000 lines  1,650/s  32,010 tokens/s  ETA 1:10  0 errors`. */
export function progressLine(source: ProgressSource, elapsedMs: number, resumedShare: number): string {
  const { total, resumed } = source;
  const share = source.share();
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const rate = (total.lines - resumed.lines) / seconds;
  const tokens = (tokensOf(total) - tokensOf(resumed)) / seconds;
  const figures = [
    `${count(total.lines)} lines`,
    `${count(Math.round(rate))}/s`,
    `${count(Math.round(tokens))} tokens/s`,
  ];
  const errors = `${count(total.errors)} errors`;
  if (share === null) return [...figures, errors].join('  ');
  const done = share - resumedShare;
  const eta = `ETA ${duration(done > 0 ? (seconds * (1 - share)) / done : Infinity)}`;
  const full = Math.round(share * BAR_CELLS);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}] ${percent(share)}`;
  return [bar, ...figures, eta, errors].join('  ');
}

/** Tells on stderr how far a run is: one line that is written over on a terminal, a line every 5 s elsewhere. */
export class Progress {
  private readonly startedAt = performance.now();
  private readonly timer: NodeJS.Timeout;
  private lineIsOpen = false;

  constructor(
    private readonly source: ProgressSource,
    /** Part of the input that an earlier run has answered. */
    private readonly resumedShare: number,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    const interval = stream.isTTY ? BAR_INTERVAL_MS : LINE_INTERVAL_MS;
    this.timer = setInterval(() => {
      this.show();
    }, interval);
  }

  /** Writes a sentence without spoiling the bar. */
  say(sentence: string): void {
    if (this.lineIsOpen) this.stream.write('\r\x1b[K');
    this.lineIsOpen = false;
    this.stream.write(`serin: ${sentence}\n`);
  }

  close(): void {
    clearInterval(this.timer);
    if (!this.stream.isTTY) return;
    this.show();
    this.stream.write('\n');
    this.lineIsOpen = false;
  }

  private show(): void {
    const line = progressLine(this.source, performance.now() - this.startedAt, this.resumedShare);
    if (!this.stream.isTTY) this.stream.write(`${line}\n`);
    else {
      this.stream.write(`\r${line.slice(0, this.stream.columns - 1)}\x1b[K`);
      this.lineIsOpen = true;
    }
  }
}
