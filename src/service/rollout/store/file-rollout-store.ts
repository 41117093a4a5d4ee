import { mkdirSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { LockLost, lockHolder, type OutputLock, takeLock } from '../../../base/files/output-lock.js';
import { BoundedWriter } from './bounded-writer.js';
import type { EvidenceDocument } from '../../../rollout/evidence/evidence-document.js';
import { isRolloutDocument } from '../../../rollout/rollout-document.js';
import {
  type KeptEvidence,
  type RolloutListener,
  RolloutStore,
  type SaveResult,
  type StoredRollout,
} from '../../../rollout/rollout-store.js';
import type { RolloutDocument } from '../../../rollout/rollout-types.js';
import { readSealed, type SealedReading, writeSealed } from '../../../base/files/sealed-file.js';

/**
 * How often a process checks its lock: the holder checks that it still has the lock, and another process tries to take
 * it and reads changed states.
 */
const FOLLOW_MS = 1000;

/** The use of the folder: the state itself, or a copy of the state that is in Redis. */
export type FolderUse = 'state' | 'copy';

interface Evidence {
  readonly rollout_id: string;
  readonly document: EvidenceDocument;
  /** Hashes of the texts already counted, in Base64. */
  readonly seen: string;
}

const isEvidence = (content: unknown): content is Evidence =>
  typeof content === 'object' && content !== null && 'rollout_id' in content && 'seen' in content;

/**
 * Keeps each rollout in STATE_DIR/rollout/<model>.json. Only one process at a time may write there. A second process on
 * the same folder follows the first one's decisions, refuses moves, and takes over when the first process ends; during
 * a redeployment the new process does the same.
 */
export class FileRolloutStore extends RolloutStore {
  private readonly logger = new Logger('Rollout');
  private readonly folder: string;
  private readonly listeners = new Set<RolloutListener>();
  /** The content of the files as this process knows it. */
  private readonly known = new Map<
    string,
    { readonly revision: number | null; readonly modifiedMs: number }
  >();
  private readonly writer = new BoundedWriter();
  private lock: OutputLock | null = null;
  private reason: string | null = null;
  /**
   * Why evidence cannot be written. It is separate from `reason` because a write of evidence proves nothing about
   * writes of the state.
   */
  private evidenceReason: string | null = null;
  private readonly following: NodeJS.Timeout;
  private isFollowing = false;

  constructor(
    stateDir: string,
    private readonly use: FolderUse,
  ) {
    super();
    this.folder = join(stateDir, 'rollout');
    this.takeFolder();
    if (this.lock === null) this.sayReason();
    this.following = setInterval(() => void this.lookAround(), FOLLOW_MS);
    this.following.unref();
  }

  override async load(model: string): Promise<StoredRollout> {
    const path = this.path(model);
    // Taken before the file is read: a write that comes in between is then noticed, and read again.
    const modifiedMs = this.modifiedMs(model);
    const reading = await readSealed(path);
    const [document, problem] = this.documentOf(model, reading);
    this.known.set(model, { revision: document?.revision ?? null, modifiedMs });
    if (problem !== null) await this.setAside(path);
    return { document, problem };
  }

  override async compareAndSet(
    document: RolloutDocument,
    expectedRevision: number | null,
  ): Promise<SaveResult> {
    const { model } = document;
    const { lock } = this;
    if (lock === null) return { kind: 'refused', reason: this.reason ?? '' };
    if ((this.known.get(model)?.revision ?? null) !== expectedRevision) {
      return { kind: 'conflict', current: (await this.load(model)).document };
    }
    try {
      await this.writer.write(
        () => this.writeHeld(lock, this.path(model), document),
        (hasWritten) => {
          if (hasWritten) this.reason = null;
          void this.readAgain(model);
        },
      );
    } catch (error) {
      if (error instanceof LockLost) {
        await this.stepDown(lock);
        return { kind: 'refused', reason: this.reason ?? '' };
      }
      this.reason = this.unwritable(error);
      return { kind: 'failed', reason: this.reason };
    }
    this.reason = null;
    this.known.set(model, { revision: document.revision, modifiedMs: this.modifiedMs(model) });
    return { kind: 'saved' };
  }

  override onChange(listener: RolloutListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  override async saveEvidence(model: string, rolloutId: string, evidence: KeptEvidence): Promise<boolean> {
    const { lock } = this;
    if (lock === null) return false;
    const { document, seen } = evidence;
    const content: Evidence = { rollout_id: rolloutId, document, seen: seen.toString('base64') };
    try {
      const path = this.evidencePath(model);
      await this.writer.write(
        () => this.writeHeld(lock, path, content),
        (hasWritten) => {
          if (hasWritten) this.evidenceReason = null;
        },
      );
    } catch (error) {
      if (error instanceof LockLost) await this.stepDown(lock);
      else this.evidenceReason = this.unwritable(error);
      return false;
    }
    this.evidenceReason = null;
    return true;
  }

  override async loadEvidence(model: string, rolloutId: string): Promise<KeptEvidence | null> {
    const reading = await readSealed(this.evidencePath(model));
    if (reading.kind === 'torn') {
      this.logger.error(
        `${this.evidencePath(model)} cannot be used: ${reading.reason}; the evidence begins anew`,
      );
    }
    if (reading.kind !== 'content' || !isEvidence(reading.content)) return null;
    const { rollout_id: id, document, seen } = reading.content;
    return id === rolloutId ? { document, seen: Buffer.from(seen, 'base64') } : null;
  }

  override share(): null {
    return null;
  }

  override leads(): boolean {
    return this.lock !== null;
  }

  override refusal(): string | null {
    return this.lock === null ? this.reason : null;
  }

  override problem(): string | null {
    return this.reason ?? this.evidenceReason;
  }

  override close(): Promise<void> {
    clearInterval(this.following);
    this.lock?.release();
    this.lock = null;
    return Promise.resolve();
  }

  private path(model: string): string {
    return join(this.folder, `${model}.json`);
  }

  private evidencePath(model: string): string {
    return join(this.folder, `${model}.evidence.json`);
  }

  private modifiedMs(model: string): number {
    try {
      return statSync(this.path(model), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    } catch {
      return 0;
    }
  }

  private documentOf(model: string, reading: SealedReading): [RolloutDocument | null, string | null] {
    const name = `${this.path(model)} cannot be used`;
    if (reading.kind === 'absent') return [null, null];
    if (reading.kind === 'torn') return [null, `${name}: ${reading.reason}`];
    if (isRolloutDocument(reading.content, model)) return [reading.content, null];
    return [null, `${name}: this release does not know its form`];
  }

  /**
   * Renames an unusable file so that an operator can inspect it. A process that may not write leaves the file in place.
   */
  private async setAside(path: string): Promise<void> {
    if (this.lock === null || !(await this.lock.isOurs())) return;
    const aside = `${path}.torn-${new Date().toISOString().replaceAll(':', '')}`;
    await rename(path, aside).catch((error: unknown) => {
      this.reason = this.unwritable(error);
    });
  }

  private takeFolder(): void {
    try {
      mkdirSync(this.folder, { recursive: true });
      this.lock = takeLock(join(this.folder, '.lock'));
      this.reason = null;
    } catch (error) {
      const { message } = error as Error;
      const pid = /\(process (\d+);/.exec(message)?.[1];
      this.reason = pid === undefined ? this.unwritable(error) : this.inUseBy(pid);
    }
  }

  private inUseBy(pid: string): string {
    const holder = `STATE_DIR is in use by process ${pid}`;
    if (this.use === 'state') {
      return `${holder}: this one follows its rollouts and cannot move them. Give each process a STATE_DIR of its own, or set REDIS_URL.`;
    }
    return `${holder}: this one keeps nothing there. Its rollouts are in Redis all the same; but while Redis is away a restart goes on with what that process knew, and loses a rollback that was made here. Give each process a STATE_DIR of its own.`;
  }

  private unwritable(error: unknown): string {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = `cannot be written to ${this.folder} (${code ?? message})`;
    if (this.use === 'state') {
      return `The state of rollouts ${why}: none can be begun or moved, and a rollback lasts until the process ends. Make STATE_DIR writable.`;
    }
    return `What this replica knows of the rollouts in Redis ${why}: a restart while Redis is away knows nothing of them. Make STATE_DIR writable.`;
  }

  /**
   * Checks the lock before and during the write: a process that was stopped for too long (by a signal, or on a paused
   * machine) may have a successor, and then the successor's state counts.
   */
  private async writeHeld(lock: OutputLock, path: string, content: unknown): Promise<void> {
    await lock.check();
    await writeSealed(path, content, () => lock.check());
  }

  /** Another process leads now: follow it, starting from the state that it has written. */
  private async stepDown(lost: OutputLock): Promise<void> {
    if (this.lock !== lost) return;
    lost.release();
    this.lock = null;
    this.reason = this.inUseBy(String(lockHolder(join(this.folder, '.lock')) ?? 'unknown'));
    this.sayReason();
    for (const model of [...this.known.keys()]) await this.readAgain(model);
  }

  private sayReason(): void {
    if (this.use === 'state') this.logger.error(this.reason ?? '');
    else this.logger.warn(this.reason ?? '');
  }

  private async lookAround(): Promise<void> {
    if (this.isFollowing) return;
    this.isFollowing = true;
    try {
      const { lock } = this;
      if (lock === null) await this.follow();
      else if (lock.isLost) await this.stepDown(lock);
    } finally {
      this.isFollowing = false;
    }
  }

  private async follow(): Promise<void> {
    this.takeFolder();
    if (this.lock !== null) this.logger.log(`STATE_DIR is ours now: ${this.folder}`);
    for (const [model, { modifiedMs }] of [...this.known]) {
      if (this.modifiedMs(model) !== modifiedMs) await this.readAgain(model);
    }
  }

  /**
   * Reads the file again, because another process has written it, or because a write that had been given up has ended.
   */
  private async readAgain(model: string): Promise<void> {
    const { document } = await this.load(model);
    if (document === null) return;
    for (const listener of this.listeners) listener(document);
  }
}
