/** Callers of one client that are refused within this time came together: none of them came back; milliseconds. */
const CONCURRENT_MS = 200;

/** Part of its wait by which a client may come early and still count as one that waits: timers and clocks differ. */
const EARLY = 0.05;

/** Waits of one client that are remembered. */
const MOST_PER_CLIENT = 256;

/** Clients that are remembered: beyond this the one that was told a wait first is forgotten. */
const MOST_CLIENTS = 1_000;

interface Told {
  readonly at: number;
  readonly dueAt: number;
  readonly workMs: number;
}

/**
 * The waits that refused callers were told and that have not passed yet. The work that will come back then is counted
 * before the next refused caller is told its wait: otherwise all callers of a burst would come back at once. A caller
 * that comes back early, in spite of its wait, gives up its place.
 */
export class ToldWaits {
  private readonly told = new Map<string, Told[]>();
  private owed = 0;

  /** Work that was told to come back, in milliseconds. */
  owedMs(now: number): number {
    for (const [client, waits] of this.told) {
      const passed = waits.findIndex(({ dueAt }) => now - dueAt <= CONCURRENT_MS);
      if (passed !== 0) this.forget(client, waits, 0, passed < 0 ? waits.length : passed);
    }
    return this.owed;
  }

  /** A caller of this client is here: it uses the place that is due, or gives up one that is not. */
  arrived(client: string, now: number): void {
    const waits = this.told.get(client);
    const [first] = waits ?? [];
    if (waits === undefined || first === undefined) return;
    if (now >= first.dueAt - EARLY * (first.dueAt - first.at)) this.forget(client, waits, 0, 1);
    else if (now - first.at > CONCURRENT_MS) this.forget(client, waits, waits.length - 1, 1);
  }

  /** @param dueAt `performance.now()` at which the client may come back with this work */
  tell(client: string, { at, dueAt, workMs }: Told): void {
    const waits = this.told.get(client) ?? [];
    if (waits.length >= MOST_PER_CLIENT) return;
    // Sorted by time: nearly always at the end, for later callers are told longer waits.
    let place = waits.length;
    while (place > 0 && (waits[place - 1]?.dueAt ?? 0) > dueAt) place--;
    waits.splice(place, 0, { at, dueAt, workMs });
    this.owed += workMs;
    this.told.set(client, waits);
    if (this.told.size <= MOST_CLIENTS) return;
    const [oldest] = this.told;
    if (oldest !== undefined) this.forget(oldest[0], oldest[1], 0, oldest[1].length);
  }

  private forget(client: string, waits: Told[], from: number, count: number): void {
    for (const { workMs } of waits.splice(from, count)) this.owed -= workMs;
    if (waits.length > 0) return;
    this.told.delete(client);
    if (this.told.size === 0) this.owed = 0;
  }
}
