/**
 * The departure of a caller that no longer waits for its answer. It does what an AbortSignal does, without an event
 * target: each computed answer needs one, and on Node 20 an AbortSignal cost a tenth of such a request's processor time
 * in the main process, most of it in the garbage collector.
 */
export class Departure {
  private left = false;
  private listeners: (() => void)[] = [];

  get hasLeft(): boolean {
    return this.left;
  }

  /** Calls the listener once, when the caller leaves; not if it has left already. */
  add(listener: () => void): void {
    if (!this.left) this.listeners.push(listener);
  }

  remove(listener: () => void): void {
    const at = this.listeners.indexOf(listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  /** The caller has left. */
  leave(): void {
    this.left = true;
    const { listeners } = this;
    this.listeners = [];
    for (const listener of listeners) listener();
  }
}
