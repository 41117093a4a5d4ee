/**
 * Short steps that begin in one turn of the event loop, of a tenth of a millisecond each. A turn has to be short,
 * because what other processes send, such as the answers of workers, is read only between two turns.
 */
const STEPS_PER_TURN = 32;

const waiting: (() => void)[] = [];
let begun = 0;
let isScheduled = false;

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(nextTurn);
}

function nextTurn(): void {
  isScheduled = false;
  const steps = waiting.splice(0, STEPS_PER_TURN);
  begun = steps.length;
  if (begun > 0) schedule();
  try {
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) step();
  } finally {
    // A step that throws takes no other step with it.
    waiting.unshift(...steps);
  }
}

/**
 * Runs a short step at once, or in one of the next turns of the event loop when many have begun in this one; in the
 * order of the calls. A thousand requests that are read in one turn would otherwise keep the workers waiting until all
 * of them are answered.
 */
export function inBusyTurn(step: () => void): void {
  schedule();
  if (waiting.length > 0 || begun >= STEPS_PER_TURN) {
    waiting.push(step);
    return;
  }
  begun++;
  step();
}
