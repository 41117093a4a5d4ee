/** Part of the permits that one client leaves to the others: an eighth. */
const LEFT_TO_OTHERS = 8;

/**
 * Bounds the memory of what is admitted: one permit per run of the model, from admission until no worker has it any
 * more. A call gets all of its permits or none. No client gets the last eighth of them, so that the others find room.
 */
export class Permits {
  private taken = 0;
  private readonly byClient = new Map<string, number>();

  constructor(readonly limit: number) {}

  get inUse(): number {
    return this.taken;
  }

  /** The most permits that a client may have at once. */
  mostOf(client: string): number {
    return client === '' ? this.limit : this.limit - Math.floor(this.limit / LEFT_TO_OTHERS);
  }

  /**
   * Takes `count` permits. False when fewer are left for this client; none is taken then.
   * @param client empty for work without a client, which may take all
   */
  tryTake(count: number, client = ''): boolean {
    if (this.taken + count > this.limit) return false;
    if (client !== '') {
      const own = (this.byClient.get(client) ?? 0) + count;
      if (own > this.mostOf(client)) return false;
      this.byClient.set(client, own);
    }
    this.taken += count;
    return true;
  }

  release(count: number, client = ''): void {
    this.taken -= count;
    if (client === '') return;
    const own = (this.byClient.get(client) ?? 0) - count;
    if (own > 0) this.byClient.set(client, own);
    else this.byClient.delete(client);
  }
}
