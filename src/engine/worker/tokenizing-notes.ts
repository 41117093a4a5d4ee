import { writeSync } from 'node:fs';
import { toMachineMs } from '../../base/machine-clock.js';
import { encodeNote } from '../protocol/tokenizing-note.js';

/** Notes which text this process tokenizes, for the case that the text ends it. */
export class TokenizingNotes {
  /** @param fd of the file that the parent reads; NaN: there is none */
  constructor(private readonly fd: number) {}

  /** @param text its index in the batch; −1: all texts of the batch are tokenized */
  note(batchId: number, text: number): void {
    if (Number.isNaN(this.fd)) return;
    writeSync(this.fd, encodeNote({ batchId, text, sinceMs: toMachineMs(performance.now()) }), 0, null, 0);
  }
}
