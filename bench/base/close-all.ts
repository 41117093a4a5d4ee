/** Something that runs until it is closed. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * Starts one after the other, works with all of them, and closes whatever was started, also when a start or the work
 * fails: a process that is left running keeps the bench from ending.
 * @throws Error what start or work throw
 */
export async function withAll<From, Started extends Closable, Result>(
  sources: readonly From[],
  start: (source: From) => Promise<Started>,
  work: (started: readonly Started[]) => Promise<Result>,
): Promise<Result> {
  const started: Started[] = [];
  try {
    for (const source of sources) started.push(await start(source));
    return await work(started);
  } finally {
    await Promise.allSettled(started.map((each) => each.close()));
  }
}
