import { eachCodePoint } from './code-points.js';
import { KEPT_NONSTARTERS } from './rust-unicode.js';

const classes = Object.keys(KEPT_NONSTARTERS).map(Number);
classes.sort((a, b) => a - b);
/** Place of each mark's combining class among the classes there are. */
const rank = new Map<string, number>();
for (const [place, combiningClass] of classes.entries()) {
  eachCodePoint(KEPT_NONSTARTERS[combiningClass] ?? '', (codePoint) => {
    rank.set(String.fromCodePoint(codePoint), place);
  });
}

/** A run of combining marks, put into the canonical order of NFD: by class, else as they came. Linear in its length. */
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

  /** The run in order; it is empty afterwards. */
  take(): string {
    if (this.isEmpty) return '';
    const run = this.byClass.join('');
    this.byClass.fill('');
    this.isEmpty = true;
    return run;
  }
}
