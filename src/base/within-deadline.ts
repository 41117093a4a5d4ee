export const TOO_LATE = Symbol('too late');

/**
 * What a promise resolves to, or {@link TOO_LATE} when that takes longer than the deadline; it rejects as the promise
 * does, if that is in time. An answer that has arrived while this process was busy is in time: after the timer, the
 * event loop looks at the sockets once more before it gives up.
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
