export const TOO_LATE = Symbol('too late');

/**
 * Resolves to the promise's value, or to {@link TOO_LATE} after the deadline; rejects if the promise rejects before the
 * deadline. An answer that arrived while this process was busy is in time: after the timer fires, the event loop reads
 * the sockets once more before the result is TOO_LATE.
 */
export function within<T>(deadlineMs: number, promise: Promise<T>): Promise<T | typeof TOO_LATE> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      setImmediate(resolve, TOO_LATE);
    }, deadlineMs);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
