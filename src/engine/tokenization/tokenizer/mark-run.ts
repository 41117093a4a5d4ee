import { eachCodePoint } from './code-points.js';
import { KEPT_NONSTARTERS } from './rust-unicode.js';

const classes = Object.keys(KEPT_NONSTARTERS).map(Number);
classes.sort((a, b) => a - b);
/** Rank of each mark's combining class among the existing classes. */
const rank = new Map<string, number>();
for (const [place, combiningClass] of classes.entries()) {
  eachCodePoint(KEPT_NONSTARTERS[combiningClass] ?? '', (codePoint) => {
    rank.set(String.fromCodePoint(codePoint), place);
  });
}

/**
 * A run of combining marks in the canonical order of NFD: by class, and within a class in their original order. Takes
 * linear time.
 */
export class MarkRun {
  private readonly byClass = classes.map(() => '');
  isEmpty = true;

  add(marks: string): void {
    for (const mark of marks) {
      const place = rank.get(mark) ?? 0;
      this.byClass[place] = (this.byClass[place] ?? '') + mark;
    }
    this.isEmpty = false;
  }

  /** Returns the sorted run and empties it. */
  take(): string {
    if (this.isEmpty) return '';
    const run = this.byClass.join('');
    this.byClass.fill('');
    this.isEmpty = true;
    return run;
  }
}
