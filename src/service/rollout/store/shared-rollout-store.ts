import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Logger } from '@nestjs/common';
import type { RedisConnection } from '../../redis/redis-connection.js';
import type { RolloutEvidence } from '../../../rollout/evidence/rollout-evidence.js';
import { isRolloutDocument } from '../../../rollout/rollout-document.js';
import {
  type EvidenceElsewhere,
  type RolloutListener,
  RolloutStore,
  type SaveResult,
  type StoredRollout,
} from '../../../rollout/rollout-store.js';
import type { RolloutDocument } from '../../../rollout/rollout-types.js';
import { writeRefusalOf } from '../../../base/redis/write-refusal.js';
import { seal, unseal } from '../../../base/files/sealed-file.js';
import { SharedEvidence } from './shared-evidence.js';
import { LEASE_KEY, STATE_CHANNEL, stateKey } from './shared-keys.js';
import { RolloutLease } from './shared-lease.js';
import { mergeRollouts } from './shared-merge.js';
import { WRITE_STATE, type WriteReply } from './shared-state-script.js';

/** How often the lease is renewed and evidence is exchanged. */
const BEAT_MS = 1_000;

/**
 * After this many beats every replica reads the shared state again, in case it missed a message, and the replicas
 * without the lease read the others' evidence.
 */
const READ_EVERY_BEATS = 5;

/** Attempts to read and write the state. Another replica may write in between, but not this many times in a row. */
const TRIES = 5;

/** @param why a clause, and what ends it: "Redis is away", "Redis is back" */
const alone = (why: string, until: string): string =>
  `${why}: this replica goes on with the split that it knows, nothing is promoted, and a rollback is in force here alone until ${until}.`;

const AWAY = alone('Redis is away', 'Redis is back');

/**
 * Whether a move applies on this replica even while the others cannot be reached, and is stored until Redis is back.
 */
const isKeptForLater = ({ history, percent }: RolloutDocument): boolean => {
  const move = history.at(-1)?.move;
  return move === 'roll_back' || move === 'recover' || (move === 'set' && percent === 0);
};

/**
 * Shares one rollout between all replicas. The state is in Redis: it is written by compare-and-set and published to
 * every replica. The replica that holds the lease decides. Each replica also keeps its latest state in its own
 * STATE_DIR and continues with it while Redis is away; its moves of that time are merged when Redis is back.
 */
export class SharedRolloutStore extends RolloutStore {
  private readonly logger = new Logger('Rollout');
  /**
   * The name of this replica as lease holder, readable for people: host, process id, and a random part that
   * distinguishes it from an earlier process with the same id.
   */
  private readonly name = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  private readonly lease: RolloutLease;
  private readonly listeners = new Set<RolloutListener>();
  /** The latest known state of each model. */
  private readonly known = new Map<string, RolloutDocument | null>();
  /** The revision in the file in STATE_DIR, by model. */
  private readonly kept = new Map<string, number | null>();
  private readonly shares = new Map<string, SharedEvidence>();
  private readonly unsubscribe: (() => void)[];
  private readonly beating: NodeJS.Timeout;
  /** False from the loss of Redis until every state has been merged. */
  private isInStep = false;
  /**
   * True when this replica holds the lease and, since it got the lease, has read the evidence of the other replicas.
   */
  private isLeading = false;
  private isBeating = false;
  private beats = 0;
  private fault: string | null = null;
  private keptLast: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly local: RolloutStore,
    private readonly redis: RedisConnection,
  ) {
    super();
    this.lease = new RolloutLease(redis, this.name);
    this.unsubscribe = [
      redis.subscribe(STATE_CHANNEL, (message) => {
        this.hear(message);
      }),
      redis.onReconnect(() => {
        this.isInStep = false;
        void this.beat();
      }),
    ];
    this.beating = setInterval(() => void this.beat(), BEAT_MS);
    this.beating.unref();
  }

  /**
   * Loads the last state of this replica, so that the start does not wait for Redis. A newer shared state arrives later
   * as a change.
   */
  override async load(model: string): Promise<StoredRollout> {
    const stored = await this.local.load(model);
    this.known.set(model, stored.document);
    this.kept.set(model, stored.document?.revision ?? null);
    return stored;
  }

  override async compareAndSet(
    document: RolloutDocument,
    expectedRevision: number | null,
  ): Promise<SaveResult> {
    if (!this.isAgreed) return this.keepForLater(document);
    let reply: WriteReply;
    try {
      reply = await this.write(document, expectedRevision);
    } catch {
      // It is unknown whether Redis has written the document; the next reading of Redis shows it.
      this.isInStep = false;
      return this.keepForLater(document);
    }
    if (reply.kind === 'conflict') {
      const current = this.read(document.model, reply.text);
      if (current !== null) this.learn(current);
      return { kind: 'conflict', current };
    }
    if (reply.kind === 'refused') {
      return { kind: 'refused', reason: 'Another replica decides about this rollout.' };
    }
    this.learn(document);
    return { kind: 'saved' };
  }

  override onChange(listener: RolloutListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Saves nothing: the evidence is in Redis, which counts it once for any number of restarts. */
  override saveEvidence(): Promise<boolean> {
    return Promise.resolve(true);
  }

  override loadEvidence(): Promise<null> {
    return Promise.resolve(null);
  }

  override share(model: string, rolloutId: string, own: RolloutEvidence): EvidenceElsewhere {
    const share = new SharedEvidence(model, rolloutId, own, this.redis);
    this.shares.set(model, share);
    return () => share.others();
  }

  override leads(): boolean {
    return this.isLeading && this.lease.isHeld && this.isAgreed;
  }

  /** Without Redis each replica judges by its own evidence: an unnecessary rollback is better than a missing one. */
  override mayRollBack(): boolean {
    return this.leads() || !this.isAgreed;
  }

  /** Every replica may try to write; compareAndSet reports a refusal. */
  override refusal(): null {
    return null;
  }

  override problem(): string | null {
    return this.fault ?? (this.isAgreed ? null : this.whyAlone());
  }

  override async close(): Promise<void> {
    clearInterval(this.beating);
    for (const end of this.unsubscribe) end();
    if (this.isAgreed) {
      // Publish the evidence of the last second. If Redis fails now, it already holds all earlier evidence.
      await Promise.allSettled([...this.shares.values()].map((share) => share.publish()));
      await this.lease.giveBack();
    }
    await this.keptLast;
    await this.local.close();
  }

  private whyAlone(): string {
    const { refusal } = this.redis;
    if (refusal === null) return AWAY;
    const why = refusal.kind === 'full' ? 'Redis is full' : 'Redis is read-only';
    return `${alone(why, 'Redis takes writes again')} ${refusal.advice}`;
  }

  private get isAgreed(): boolean {
    return this.redis.isUp && this.isInStep;
  }

  /** Runs one beat; beats do not overlap. The next beat tries a failed step again. */
  private async beat(): Promise<void> {
    if (this.isBeating) return;
    this.isBeating = true;
    try {
      if (!this.redis.isUp) this.isInStep = false;
      else await this.beatOnce();
      this.fault = null;
    } catch (error) {
      this.isInStep = false;
      // RedisConnection has already logged a lost connection, and that Redis refuses writes.
      if (writeRefusalOf(error) !== null) this.fault = null;
      else if (this.redis.isUp) this.sayFault(error instanceof Error ? error.message : String(error));
    } finally {
      if (!this.isInStep) this.isLeading = false;
      this.isBeating = false;
    }
  }

  private async beatOnce(): Promise<void> {
    const isTurn = this.beats++ % READ_EVERY_BEATS === 0;
    const isBack = !this.isInStep;
    if (isBack) await this.agreeOnAll();
    this.isInStep = true;
    // After a reconnect read the states twice: messages published during the first reading were ignored.
    if (isBack || isTurn) await this.agreeOnAll();
    await this.lease.renew();
    const isHeld = this.lease.isHeld;
    for (const share of this.shares.values()) {
      await share.publish();
      if (isHeld || isTurn || share.others() === null) await share.read(isHeld);
    }
    this.isLeading = isHeld;
  }

  private async agreeOnAll(): Promise<void> {
    for (const model of this.known.keys()) await this.agree(model);
  }

  /** Takes over the shared state, or writes ours when the shared one is missing or older. */
  private async agree(model: string): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const reply = await this.redis.send(['GET', stateKey(model)]);
      const shared = typeof reply === 'string' ? this.read(model, reply) : null;
      const local = this.known.get(model) ?? null;
      const merged = mergeRollouts(shared, local);
      if (merged === null) return;
      if (merged === shared) {
        if (this.isNews(shared, local)) this.accept(shared);
        return;
      }
      const { kind } = await this.write(merged, shared?.revision ?? null);
      if (kind !== 'saved') continue;
      const { move } = merged.history.at(-1) ?? {};
      this.logger.warn(
        `Redis did not hold the latest state of ${model}: it does again, revision ${merged.revision} (${move ?? 'no move'})`,
      );
      this.accept(merged);
      return;
    }
    throw new Error(`The state of ${model} in Redis changes all the time.`);
  }

  /**
   * Whether the shared state differs from ours. The leader keeps its own time in the step; the other replicas take over
   * the shared time.
   */
  private isNews(shared: RolloutDocument, local: RolloutDocument | null): boolean {
    if (local?.revision !== shared.revision || local.rollout_id !== shared.rollout_id) return true;
    return !this.isLeading && local.elapsed_in_step_ms !== shared.elapsed_in_step_ms;
  }

  private hear(message: string): void {
    const end = message.indexOf('\n');
    if (!this.isInStep || message.slice(0, end) === this.name) return;
    const text = message.slice(end + 1);
    for (const [model, local] of this.known) {
      const document = this.read(model, text, false);
      if (document !== null && document.revision >= (local?.revision ?? 0)) this.accept(document);
    }
  }

  private accept(document: RolloutDocument): void {
    this.learn(document);
    for (const listener of this.listeners) listener(document);
  }

  private learn(document: RolloutDocument): void {
    this.known.set(document.model, document);
    this.keptLast = this.keptLast.then(() => this.keep(document));
  }

  /**
   * Keeps a rollback, a recovery or a share of 0 until Redis is back. Every other move fails while the other replicas
   * cannot be reached.
   */
  private async keepForLater(document: RolloutDocument): Promise<SaveResult> {
    if (isKeptForLater(document)) {
      this.learn(document);
      await this.keptLast;
    }
    return { kind: 'failed', reason: this.whyAlone() };
  }

  /**
   * Writes the state to STATE_DIR. When that fails, the only harm is that a restart without Redis starts from an older
   * state.
   */
  private async keep(document: RolloutDocument): Promise<void> {
    const { model, revision } = document;
    let result = await this.local.compareAndSet(document, this.kept.get(model) ?? null);
    if (result.kind === 'conflict') {
      result = await this.local.compareAndSet(document, result.current?.revision ?? null);
    }
    if (result.kind === 'saved') this.kept.set(model, revision);
  }

  private write(document: RolloutDocument, expectedRevision: number | null): Promise<WriteReply> {
    const { model, revision } = document;
    const expected = expectedRevision === null ? '' : String(expectedRevision);
    const args = [expected, String(revision), seal(document), this.name, STATE_CHANNEL];
    return this.redis.run(WRITE_STATE, [stateKey(model), LEASE_KEY], args);
  }

  /** Null for a state that cannot be used; the next state overwrites it. */
  private read(model: string, text: string, sayWhy = true): RolloutDocument | null {
    if (text === '') return null;
    const reading = unseal(text);
    if (reading.kind === 'content' && isRolloutDocument(reading.content, model)) return reading.content;
    const reason = reading.kind === 'torn' ? reading.reason : 'this release does not know its form';
    if (sayWhy) this.logger.error(`${stateKey(model)} in Redis cannot be used: ${reason}`);
    return null;
  }

  private sayFault(reason: string): void {
    const fault = `The rollout cannot be shared through Redis (${reason}): nothing is promoted meanwhile.`;
    if (fault !== this.fault) this.logger.error(fault);
    this.fault = fault;
  }
}
