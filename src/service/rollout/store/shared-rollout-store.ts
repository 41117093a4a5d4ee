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
import { seal, unseal } from '../../../base/files/sealed-file.js';
import { SharedEvidence } from './shared-evidence.js';
import { LEASE_KEY, STATE_CHANNEL, stateKey } from './shared-keys.js';
import { RolloutLease } from './shared-lease.js';
import { mergeRollouts } from './shared-merge.js';
import { WRITE_STATE, type WriteReply } from './shared-state-script.js';

/** How often the lease is renewed and evidence exchanged. */
const BEAT_MS = 1_000;

/** A message that was lost is made up for after so many beats, and others are then read by those who do not decide. */
const READ_EVERY_BEATS = 5;

/** Somebody else may write between reading and writing; so often in a row nobody does. */
const TRIES = 5;

const AWAY =
  'Redis is away: this replica goes on with the split that it knows, nothing is promoted, and a rollback is in force here alone until Redis is back.';

/** Moves that are in force on this replica alone, and kept here until the others can be told. */
const isKeptForLater = ({ history, percent }: RolloutDocument): boolean => {
  const move = history.at(-1)?.move;
  return move === 'roll_back' || move === 'recover' || (move === 'set' && percent === 0);
};

/**
 * One rollout for all replicas: the state is in Redis, written by compare-and-set and told to everybody; one of them,
 * who holds a lease, decides. Each keeps what it knows in its own STATE_DIR, too, and goes on with that while Redis is
 * away; what it has done meanwhile is merged when Redis is back.
 */
export class SharedRolloutStore extends RolloutStore {
  private readonly logger = new Logger('Rollout');
  /** Who holds the lease, for people: host, process, and what tells it from an earlier one of the same. */
  private readonly name = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  private readonly lease: RolloutLease;
  private readonly listeners = new Set<RolloutListener>();
  /** The latest state of each model that this replica knows of. */
  private readonly known = new Map<string, RolloutDocument | null>();
  /** What the file in STATE_DIR holds. */
  private readonly kept = new Map<string, number | null>();
  private readonly shares = new Map<string, SharedEvidence>();
  private readonly unsubscribe: (() => void)[];
  private readonly beating: NodeJS.Timeout;
  /** False from when Redis goes until everything that happened meanwhile is merged. */
  private isInStep = false;
  /** True when this replica has the lease, and has read what the others have seen since it has it. */
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

  /** What this replica knew last: at the start nobody waits for Redis. What the others know follows as a change. */
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
      // Whether it was written nobody knows; what Redis holds will tell.
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

  /** Nothing: what was seen is in Redis, where it counts once however often a replica is restarted. */
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

  /** Without Redis each replica judges by what it knows: a rollback too many is better than one too few. */
  override mayRollBack(): boolean {
    return this.leads() || !this.isAgreed;
  }

  /** Everybody may: what one may not do at the moment is told by the answer. */
  override refusal(): null {
    return null;
  }

  override problem(): string | null {
    return this.fault ?? (this.isAgreed ? null : AWAY);
  }

  override async close(): Promise<void> {
    clearInterval(this.beating);
    for (const end of this.unsubscribe) end();
    if (this.isAgreed) {
      // The last second's evidence; a Redis that goes now has had all the others.
      await Promise.allSettled([...this.shares.values()].map((share) => share.publish()));
      await this.lease.giveBack();
    }
    await this.keptLast;
    await this.local.close();
  }

  private get isAgreed(): boolean {
    return this.redis.isUp && this.isInStep;
  }

  /** One at a time; what fails is tried again at the next one. */
  private async beat(): Promise<void> {
    if (this.isBeating) return;
    this.isBeating = true;
    try {
      if (!this.redis.isUp) this.isInStep = false;
      else await this.beatOnce();
      this.fault = null;
    } catch (error) {
      this.isInStep = false;
      // A connection that was lost has been logged by whoever lost it.
      if (this.redis.isUp) this.sayFault(error instanceof Error ? error.message : String(error));
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
    // After coming back once more: what was told meanwhile was not listened to.
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

  /** Takes over what the replicas hold, or gives them what they lack. */
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

  /** The time in a step is the leader's own; the others are told of it. */
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

  /** Nothing else may be done while the others cannot be asked. */
  private async keepForLater(document: RolloutDocument): Promise<SaveResult> {
    if (isKeptForLater(document)) {
      this.learn(document);
      await this.keptLast;
    }
    return { kind: 'failed', reason: AWAY };
  }

  /** In STATE_DIR; where that cannot be written, a restart without Redis knows less, and no more happens. */
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

  /** Null for what cannot be used, which the next state overwrites. */
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
