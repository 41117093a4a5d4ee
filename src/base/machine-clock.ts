/** Readings of both clocks: the two that lie closest together are those that nothing came between. */
const READINGS = 16;

/**
 * What `performance.now()` of this process lacks to the machine's monotonic clock, in milliseconds. Both are one clock
 * counted from different starts. `performance.timeOrigin` would not do: it is read from the wall clock, which may be
 * set between the starts of two processes.
 */
function measureOffsetMs(): number {
  let offsetMs = 0;
  let closestMs = Infinity;
  for (let i = 0; i < READINGS; i++) {
    const before = performance.now();
    const machineMs = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before >= closestMs) continue;
    closestMs = after - before;
    offsetMs = machineMs - (before + after) / 2;
  }
  return offsetMs;
}

const OFFSET_MS = measureOffsetMs();

/**
 * A `performance.now()` of this process on the clock that all processes of the machine share.
 * @param ms milliseconds
 */
export const toMachineMs = (ms: number): number => ms + OFFSET_MS;

/** A time that another process told by {@link toMachineMs}, as `performance.now()` of this one. */
export const fromMachineMs = (ms: number): number => ms - OFFSET_MS;
