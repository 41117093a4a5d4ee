import { count, counted, percent } from '../../base/format.js';
import { messageText } from '../../base/terminal/message.js';
import { screenOf } from '../../base/terminal/screen.js';
import { textWidth } from '../../base/terminal/wrap.js';
import { tokensOf, type Tally } from './block-tally.js';

const LINE_INTERVAL_MS = 5_000;
const BAR_INTERVAL_MS = 200;
const BAR_CELLS = 24;
/** A shorter bar tells nothing. */
const LEAST_BAR_CELLS = 8;
const GAP = '  ';

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

/**
 * One line about a run: `0 errors  [####----]  42.0 %  ETA 1:10  12,000 lines  1,650/s  32,010 tokens/s`. Errors come first.
 * Where there are fewer columns, the bar is shorter, then left out, and then figures from the end.
 */
export function progressLine(
  source: ProgressSource,
  elapsedMs: number,
  resumedShare: number,
  columns = Infinity,
): string {
  const { total, resumed } = source;
  const share = source.share();
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const rate = (total.lines - resumed.lines) / seconds;
  const tokens = (tokensOf(total) - tokensOf(resumed)) / seconds;
  const errors = counted(total.errors, 'error');
  const figures = [
    counted(total.lines, 'line'),
    `${count(Math.round(rate))}/s`,
    `${count(Math.round(tokens))} tokens/s`,
  ];
  if (share === null) return fitted([errors, ...figures], columns);
  const done = share - resumedShare;
  const eta = `ETA ${duration(done > 0 ? (seconds * (1 - share)) / done : Infinity)}`;
  const words = [errors, percent(share), eta, ...figures];
  const room = columns - textWidth(words.join(GAP)) - GAP.length - '[]'.length;
  if (room < LEAST_BAR_CELLS) return fitted(words, columns);
  const cells = Math.min(BAR_CELLS, room);
  const full = Math.round(share * cells);
  return [errors, `[${'#'.repeat(full)}${'-'.repeat(cells - full)}]`, ...words.slice(1)].join(GAP);
}

/** As many of the words as there is room for, the first at least. */
function fitted(words: readonly string[], columns: number): string {
  const least = words.findIndex((_, i) => textWidth(words.slice(0, i + 1).join(GAP)) > columns);
  return words.slice(0, least === -1 ? words.length : Math.max(1, least)).join(GAP);
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
    this.stream.write(messageText(sentence, screenOf(this.stream)));
  }

  close(): void {
    clearInterval(this.timer);
    if (!this.stream.isTTY) return;
    this.show();
    this.stream.write('\n');
    this.lineIsOpen = false;
  }

  private show(): void {
    const screen = screenOf(this.stream);
    // A line that fills the last column would make some terminals begin another one.
    const columns = screen.columns - 1;
    const line = progressLine(this.source, performance.now() - this.startedAt, this.resumedShare, columns);
    if (!screen.isTerminal) this.stream.write(`${line}\n`);
    else {
      const shown =
        this.source.total.errors === 0
          ? line
          : line.replace(/^\S+ errors?/, (errors) => screen.paint('red', errors));
      this.stream.write(`\r${shown}\x1b[K`);
      this.lineIsOpen = true;
    }
  }
}
