import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { RedisConnection } from '../../redis/redis-connection.js';
import {
  type EvidenceDocument,
  mergeDocuments,
  parseDocument,
} from '../../../rollout/evidence/evidence-document.js';
import type { RolloutEvidence } from '../../../rollout/evidence/rollout-evidence.js';
import { FOLD, PUBLISH, READ_ALL } from './shared-evidence-scripts.js';
import { evidenceKey, textsKey } from './shared-keys.js';
import { SharedTexts } from './shared-texts.js';

/** Lifetime of a rollout's evidence after the last write of any replica: a week. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** A replica that has published nothing for this time is considered gone; its figures are final. */
const GONE_AFTER_MS = 10 * 60_000;

type Fields = ReadonlyMap<string, string>;

/**
 * The evidence of all replicas on one rollout. Each replica publishes its own figures every second and adds the others'
 * figures to them. The figures of a replica that is gone stay. A restarted replica continues under a new name, and the
 * figures under its old name stay too.
 */
export class SharedEvidence {
  private readonly logger = new Logger('Rollout');
  private readonly keys: readonly [evidence: string, texts: string];
  private readonly texts: SharedTexts;
  /**
   * The name of this replica's figures: a new one in each process, and a new one when the figures start again from
   * zero.
   */
  private name: string = randomUUID();
  private epoch = '';
  private published = '';
  private elsewhere: EvidenceDocument | null = null;

  constructor(
    readonly model: string,
    readonly rolloutId: string,
    private readonly own: RolloutEvidence,
    private readonly redis: RedisConnection,
  ) {
    this.keys = [evidenceKey(model, rolloutId), textsKey(model, rolloutId)];
    this.texts = new SharedTexts(redis, this.keys);
    own.shareTexts(this.texts);
  }

  /** The other replicas' evidence at the last {@link read}; null before the first. */
  others(): EvidenceDocument | null {
    return this.elsewhere;
  }

  /**
   * Counts the texts that are new to every replica, and publishes this replica's evidence if it has changed.
   * @throws Error when Redis is away
   */
  async publish(): Promise<void> {
    if (this.epoch !== '') await this.texts.resolve(this.epoch);
    const text = JSON.stringify(this.own.toDocument());
    const news = text === this.published ? '' : text;
    const args = [this.name, this.epoch, randomUUID(), news, String(KEPT_MS)];
    const { kind, epoch } = await this.redis.run(PUBLISH, this.keys, args);
    if (kind === 'ok') this.published = text;
    else await this.join(epoch);
  }

  /**
   * Reads the other replicas' evidence.
   * @param mayFold whether this replica may merge the figures of replicas that are gone
   * @throws Error when Redis is away
   */
  async read(mayFold: boolean): Promise<void> {
    const { nowMs, fields } = await this.redis.run(READ_ALL, [this.keys[0]]);
    if (fields.get('epoch') !== this.epoch) return;
    const names = [...fields.keys()]
      .filter((field) => field.startsWith('of:'))
      .map((field) => field.slice(3));
    const others = [
      this.parsed(fields, 'base'),
      ...names.filter((name) => name !== this.name).map((name) => this.parsed(fields, `of:${name}`)),
    ];
    this.elsewhere = mergeDocuments(others.filter((document) => document !== null));
    if (!mayFold) return;
    const gone = names.filter((name) => nowMs - Number(fields.get(`at:${name}`) ?? 0) > GONE_AFTER_MS);
    if (gone.length > 0) await this.fold(fields, gone);
  }

  /**
   * Joins the evidence of another epoch. Our figures of the old epoch are either part of the shared base already or
   * lost with the rest, so we start from zero.
   */
  private async join(epoch: string): Promise<void> {
    if (this.epoch !== '') {
      this.logger.warn(
        `the evidence of ${this.model} that Redis held is not what it was: it begins anew here`,
      );
      this.own.forget();
      this.texts.forget();
      this.elsewhere = null;
      this.name = randomUUID();
      this.published = '';
    }
    this.epoch = epoch;
    await this.publish();
  }

  private async fold(fields: Fields, gone: readonly string[]): Promise<void> {
    const parts = ['base', ...gone.map((name) => `of:${name}`)].map((field) => this.parsed(fields, field));
    const base = mergeDocuments(parts.filter((document) => document !== null));
    const replicas = gone.flatMap((name) => [name, fields.get(`of:${name}`) ?? '']);
    const args = [fields.get('base') ?? '', JSON.stringify(base), ...replicas];
    if (await this.redis.run(FOLD, [this.keys[0]], args)) {
      this.logger.log(`${gone.length} replicas of ${this.model} are gone; what they have seen stays`);
    }
  }

  /** Parses one field; a field that cannot be read is logged and left out. */
  private parsed(fields: Fields, field: string): EvidenceDocument | null {
    const text = fields.get(field);
    if (text === undefined) return null;
    try {
      return parseDocument(JSON.parse(text));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.error(`evidence of ${this.model} in Redis (${field}) cannot be used: ${reason}`);
      return null;
    }
  }
}
