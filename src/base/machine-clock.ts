/**
 * Number of readings of both clocks. The reading with the least time around it is used, because it was probably not
 * interrupted.
 */
const READINGS = 16;

/**
 * Difference between the machine's monotonic clock and `performance.now()` of this process, in milliseconds. Both count
 * the same clock from different starts. `performance.timeOrigin` is not suitable: it is read from the wall clock, which
 * may be changed between the starts of two processes.
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

/** Converts a time from {@link toMachineMs} of another process to `performance.now()` of this one. */
export const fromMachineMs = (ms: number): number => ms - OFFSET_MS;
