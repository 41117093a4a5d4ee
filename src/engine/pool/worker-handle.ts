import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromMachineMs } from '../../base/machine-clock.js';
import type { FromWorker, ToWorker, VersionSpec, WorkPayload } from '../protocol/protocol.js';
import type { TokenizingNote } from '../protocol/tokenizing-note.js';
import { TokenizingFile } from './tokenizing-file.js';

/** The script that a worker process runs. */
export const WORKER_ENTRY_FILE = fileURLToPath(new URL('../worker/entry.js', import.meta.url));

/**
 * All environment variables of a worker. It gets none of the parent's, because those contain secrets. With these
 * settings of glibc's allocator, the buffers used while loading (50 MB per worker) are returned to the system. The
 * memory that inference needs is in ONNX Runtime's arena.
 */
const WORKER_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/**
 * The objects of a message become garbage as soon as it is answered. By default, V8 lets such garbage fill three times
 * 16 MB in every worker before it collects it, which is as much memory as a small model's weights.
 */
const WORKER_FLAGS = ['--max-semi-space-size=4'];

/** Behind stdin, stdout, stderr and the channel: where the process finds the file for its notes. */
const NOTE_FD = 4;

/**
 * Milliseconds at one text after which it is blamed even if the process was ended by SIGKILL. An operator or the kernel
 * may kill a process at any time; of texts that do no harm, even the longest take a small part of this.
 */
const SUSPICIOUS_MS = 1_000;

/** The state of one version in one worker process. */
export type LoadState = 'loading' | 'loaded' | 'failed';

export interface WorkerEvents {
  message(worker: WorkerHandle, message: FromWorker): void;
  /** Called exactly once, when the process has ended. `how` is a phrase such as "signal SIGSEGV" or "exit code 1". */
  exit(worker: WorkerHandle, how: string): void;
}

/** One inference process: owns the child and its channel, and knows which versions it has loaded. */
export class WorkerHandle {
  /** `active` workers take batches; a `spare` is loaded and waits to replace one. */
  role: 'active' | 'spare';
  private readonly loads = new Map<string, LoadState>();
  private readonly onceUnloaded = new Map<string, (() => void)[]>();
  private readonly child: ChildProcess;
  private batches = 0;
  private resting = false;
  private ended = false;
  private doomed = false;
  private online = false;
  /** By this service, which ends a process with work only because that work takes too long. */
  private killed = false;
  private readonly notes = TokenizingFile.open();
  /** Of the text on which the process ended; null when it did not end on a text. */
  private endedOn: TokenizingNote | null = null;

  constructor(
    entryFile: string,
    role: 'active' | 'spare',
    private readonly events: WorkerEvents,
  ) {
    this.role = role;
    this.child = fork(entryFile, this.notes === null ? [] : [String(NOTE_FD)], {
      serialization: 'advanced',
      execArgv: WORKER_FLAGS,
      env: WORKER_ENVIRONMENT,
      // stdout belongs to the request log. Native code may write a message before it crashes; that goes to stderr.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', this.notes?.fd ?? 'ignore'],
    });
    this.child.on('message', (message) => {
      if (!this.ended) this.receive(message as FromWorker);
    });
    this.child.on('exit', (code, signal) => {
      this.doomed = true;
      const how = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      // Messages that it sent before it died are still in the channel: a batch that it answered must not run twice.
      if (this.child.connected)
        this.child.once('disconnect', () => {
          this.end(how);
        });
      else this.end(how);
    });
    // Raised when the process cannot be started, killed or written to; in the last two cases 'exit' follows.
    this.child.on('error', (error) => {
      if (this.child.pid === undefined) this.end(`it could not be started: ${error.message}`);
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** False as soon as the process is known to end. Its last messages may still be unread at that time. */
  get alive(): boolean {
    return !this.ended && !this.doomed;
  }

  /**
   * True once its script runs. The death of a process before that is not evidence against the version it should load.
   */
  get started(): boolean {
    return this.online;
  }

  /** The process runs, and every version asked for is loaded or has failed. */
  get settled(): boolean {
    return this.online && this.loading === undefined;
  }

  /** Settled, with a version to serve. */
  get ready(): boolean {
    return this.alive && this.settled && [...this.loads.values()].includes('loaded');
  }

  /** The version that the process is loading now, if any: loads are handled in the order they were asked for. */
  get loading(): string | undefined {
    for (const [key, state] of this.loads) if (state === 'loading') return key;
    return undefined;
  }

  has(key: string): boolean {
    return this.loads.get(key) === 'loaded';
  }

  /** A batch sent to a process that is still loading another version would wait for that load to end. */
  get takesBatches(): boolean {
    return this.role === 'active' && this.alive && !this.resting && this.loading === undefined;
  }

  /** True while the worker takes no batches for a short time. It counts as ready, because it will soon serve again. */
  get isResting(): boolean {
    return this.alive && this.resting;
  }

  /** True while it runs a batch, or has the next batch waiting. */
  get busy(): boolean {
    return this.batches > 0;
  }

  canRun(key: string): boolean {
    return this.takesBatches && this.has(key);
  }

  /** The worker finishes the batches that it has, and takes no more until {@link resume}. */
  rest(): void {
    this.resting = true;
  }

  resume(): void {
    this.resting = false;
  }

  load(spec: VersionSpec): void {
    if (this.loads.has(spec.key)) return;
    this.loads.set(spec.key, 'loading');
    this.send({ type: 'load', spec });
  }

  /**
   * Unloads a version after the batches that the worker already has. Resolves when the memory is released or the
   * process has ended.
   */
  async unload(key: string): Promise<void> {
    if (!this.loads.delete(key) || this.ended) return;
    const released = new Promise<void>((resolve) => {
      this.onceUnloaded.set(key, [...(this.onceUnloaded.get(key) ?? []), resolve]);
    });
    this.send({ type: 'unload', key });
    await released;
  }

  run(batchId: number, key: string, payload: WorkPayload): void {
    this.batches++;
    this.send({ ...payload, batchId, key });
  }

  /**
   * The text of a batch that ended the process while it was tokenized, as its index in the batch; null when the process
   * lives, ended at another time, or was killed by somebody else for a reason of their own.
   */
  endedByText(batchId: number): number | null {
    return this.endedOn?.batchId === batchId ? this.endedOn.text : null;
  }

  /** Ends the process at once. SIGKILL also ends a process that is stopped or stuck in native code. */
  kill(): void {
    this.doomed = true;
    this.killed = true;
    this.child.kill('SIGKILL');
  }

  /** Lets the process end by itself: it exits when its channel closes. */
  disconnect(): void {
    if (this.child.connected) this.child.disconnect();
  }

  /**
   * A message to a process that has just died is lost without an error: the 'exit' event then reports the lost work.
   */
  private send(message: ToWorker): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private receive(message: FromWorker): void {
    if (message.type === 'online') this.online = true;
    if (message.type === 'loaded' && this.loads.has(message.key)) this.loads.set(message.key, 'loaded');
    if (message.type === 'load_failed' && this.loads.has(message.key)) this.loads.set(message.key, 'failed');
    if (message.type === 'unloaded') this.onceUnloaded.get(message.key)?.shift()?.();
    if (message.type === 'done') this.batches--;
    this.events.message(this, message);
  }

  private readLastNote(how: string): void {
    const note = this.notes?.read() ?? null;
    this.notes?.close();
    if (note === null || note.text < 0) return;
    const spentMs = performance.now() - fromMachineMs(note.sinceMs);
    if (how !== 'signal SIGKILL' || this.killed || spentMs >= SUSPICIOUS_MS) this.endedOn = note;
  }

  private end(how: string): void {
    if (this.ended) return;
    this.ended = true;
    this.readLastNote(how);
    for (const waiting of this.onceUnloaded.values()) for (const resolve of waiting) resolve();
    this.events.exit(this, how);
  }
}
