/** Time constant of the work that a client has recently been served, in milliseconds. */
const RECENT_MS = 2_000;

/** Clients that are remembered before those without work and without debt are forgotten. */
const SWEEP_AT = 1_000;

interface Share {
  readonly weight: number;
  /** Work that the client has been served, in milliseconds per unit of weight, on the common clock. */
  clock: number;
  /** Texts of the client that wait, and their work in milliseconds. */
  texts: number;
  waitingMs: number;
  /** Decayed sum of the work that was served; valid at `servedAt`. */
  recentMs: number;
  servedAt: number;
}

/** What a client gets of the workers now. */
export interface ClientShare {
  readonly client: string;
  /** Its part of the work of the last seconds, from 0 to 1. */
  readonly share: number;
  /** Predicted work that waits, in milliseconds. */
  readonly waitingMs: number;
  readonly weight: number;
}

/**
 * Takes clients in turns by the work that they cost: start-time fair queueing (Goyal, Vin and Cheng, 1997). Each client
 * has a clock, which advances by the work that it is served, divided by its weight; the client with the lowest clock is
 * next. A client that comes back starts at the clock that the others have reached, so it has neither saved up turns nor
 * lost any. A single client gets everything.
 */
export class ClientShares {
  private readonly shares = new Map<string, Share>();
  /** Those of the clients that have texts waiting, and the sum of their weights. */
  private readonly waiting = new Map<string, Share>();
  private waitingWeight = 0;
  /**
   * Where a client begins that comes back. It advances as a client's clock would that is served its part of all work,
   * and it is never behind the client whose turn it was last.
   */
  private reached = 0;
  /** `performance.now()` since when texts have waited without a pause; Infinity while none waits. */
  waitingSince = Infinity;
  private sweepAt = SWEEP_AT;
  private recentMs = 0;
  private recentAt = 0;

  /** @param weightOf a client with twice the weight of another one is served twice the work while both wait */
  constructor(private readonly weightOf: (client: string) => number = () => 1) {}

  /**
   * A text of a client begins to wait.
   * @param at `performance.now()` when it was submitted
   */
  add(client: string, workMs: number, at: number): void {
    const share = this.shares.get(client) ?? this.enter(client);
    if (this.waiting.size === 0) this.waitingSince = at;
    if (share.texts === 0) {
      share.clock = Math.max(share.clock, this.reached);
      this.waiting.set(client, share);
      this.waitingWeight += share.weight;
    }
    share.texts++;
    share.waitingMs += workMs;
  }

  /** A text of a client leaves without having been served. */
  remove(client: string, workMs: number): void {
    const share = this.shares.get(client);
    if (share === undefined) return;
    share.texts--;
    share.waitingMs -= workMs;
    if (share.texts > 0) return;
    // Sums of fractions do not end at exactly 0.
    share.waitingMs = 0;
    this.waiting.delete(client);
    this.waitingWeight -= share.weight;
    if (this.waiting.size > 0) return;
    this.waitingWeight = 0;
    this.waitingSince = Infinity;
  }

  /** It is the client's turn: the clock of the others follows. */
  turnOf(client: string): void {
    this.reached = Math.max(this.reached, this.clockOf(client));
  }

  /** A text of a client goes to a worker. */
  serve(client: string, workMs: number, now: number): void {
    const share = this.shares.get(client);
    if (share === undefined) return;
    // Without this, clients that come for the first time would all stand before one that was served once.
    this.reached += workMs / Math.max(this.waitingWeight, share.weight);
    this.remove(client, workMs);
    share.clock += workMs / share.weight;
    share.recentMs = decayed(share.recentMs, share.servedAt, now) + workMs;
    share.servedAt = now;
    this.recentMs = decayed(this.recentMs, this.recentAt, now) + workMs;
    this.recentAt = now;
  }

  /** A text that was served comes back to wait, because its worker was lost: the client is not charged for it. */
  putBack(client: string, workMs: number, at: number): void {
    this.add(client, workMs, at);
    const share = this.shares.get(client);
    if (share === undefined) return;
    share.clock -= workMs / share.weight;
    share.recentMs = Math.max(0, share.recentMs - workMs);
    this.recentMs = Math.max(0, this.recentMs - workMs);
  }

  /** The client with the lowest clock is next. */
  clockOf(client: string): number {
    const share = this.shares.get(client);
    if (share === undefined) return this.reached;
    return share.texts > 0 ? share.clock : Math.max(share.clock, this.reached);
  }

  weight(client: string): number {
    return this.shares.get(client)?.weight ?? this.weightOf(client);
  }

  /** Work of the client that waits, in milliseconds. */
  waitingOf(client: string): number {
    return this.shares.get(client)?.waitingMs ?? 0;
  }

  /** The client's clock once it has been served so much more work. */
  turnAfter(client: string, workMs: number): number {
    return this.clockOf(client) + workMs / this.weight(client);
  }

  /**
   * Work that is served until `workMs` more of this client is served, in milliseconds: all that the client has waiting,
   * and of each other client what has its turn before that. Clients that come later may have turns before it too, so
   * the client is not promised more of the workers than the others of the last seconds have left it.
   */
  aheadMs(client: string, workMs: number, now: number): number {
    const weight = this.weight(client);
    const ownMs = this.waitingOf(client) + workMs;
    const end = this.turnAfter(client, ownMs);
    let ahead = ownMs;
    for (const [name, share] of this.waiting) {
      if (name === client) continue;
      ahead += Math.min(share.waitingMs, Math.max(0, (end - share.clock) * share.weight));
    }
    const weights = this.waitingWeight + (this.waiting.has(client) ? 0 : weight);
    const left = Math.max(weight / weights, 1 - this.partOfOthers(client, now));
    return Math.max(ahead, ownMs / left);
  }

  /** The clients that were served most in the last seconds, the first one most. */
  largest(limit: number, now: number): ClientShare[] {
    const total = decayed(this.recentMs, this.recentAt, now);
    const all = [...this.shares].map(([client, { weight, waitingMs, recentMs, servedAt }]) => ({
      client,
      share: total > 0 ? Math.min(1, decayed(recentMs, servedAt, now) / total) : 0,
      waitingMs,
      weight,
    }));
    return all.sort((a, b) => b.share - a.share || b.waitingMs - a.waitingMs).slice(0, limit);
  }

  private partOfOthers(client: string, now: number): number {
    const total = decayed(this.recentMs, this.recentAt, now);
    if (total < 1) return 0;
    const own = this.shares.get(client);
    const mine = own === undefined ? 0 : decayed(own.recentMs, own.servedAt, now);
    return Math.max(0, 1 - mine / total);
  }

  private enter(client: string): Share {
    if (this.shares.size >= this.sweepAt) this.sweep();
    const share = {
      weight: this.weightOf(client),
      clock: this.reached,
      texts: 0,
      waitingMs: 0,
      recentMs: 0,
      servedAt: 0,
    };
    this.shares.set(client, share);
    return share;
  }

  /** A client whose clock is behind the others' would come back as a new one, so it need not be remembered. */
  private sweep(): void {
    const isIdle = this.waiting.size === 0;
    for (const [client, share] of this.shares) {
      if (share.texts === 0 && (isIdle || share.clock <= this.reached)) this.shares.delete(client);
    }
    this.sweepAt = Math.max(SWEEP_AT, 2 * this.shares.size);
  }
}

const decayed = (sum: number, at: number, now: number): number => sum * Math.exp((at - now) / RECENT_MS);
