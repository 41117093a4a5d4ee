import { isUnderWay } from '../../rollout/rollout-types.js';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigWatcher } from '../../base/config/config-watcher.js';
import { configSource, type ConfigSource } from '../../base/config/load-config.js';
import { DEFAULT_GATES, type GateSettings, type RolloutConfig } from '../../base/config/rollout-config.js';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { feedbackGatesOf, withoutFeedback } from '../../rollout/gates/feedback-gates.js';
import type { GateName } from '../../rollout/gates/types.js';
import type { FileWish } from '../../rollout/who-decides.js';
import { RolloutsInForce } from '../in-force/rollouts-in-force.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { RolloutVersions } from './rollout-versions.js';

type Sections = Readonly<Record<string, RolloutConfig>>;

/** Converts a setting's name to the form in the file: `maxBodyBytes` becomes `max_body_bytes`. */
const fileKey = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const noVersion = (model: string, role: string, version: string): string =>
  `rollout.${model}.${role}: the model has no version ${version}`;

/** How a file ends a rollout, for the messages about a file that may have lost a part. */
const HOW_TO_END = 'to end its rollout, write canary: null';

const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

/**
 * The rollout sections in force: those of the start, until the file changes and all of its sections are valid. Every
 * other setting keeps its value from the start.
 */
@Injectable()
export class RolloutConfiguration implements OnApplicationShutdown {
  private readonly logger = new Logger('Configuration');
  private sections: Sections;
  /** Of the file in force. */
  private states: ConfigSource['states'];
  private reason: string | null = null;
  private watcher: ConfigWatcher | null = null;
  /** The last log lines about missing versions and about settings that need a restart. */
  private saidAbsent: string | null = null;
  private saidRestart = '';

  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly registry: ModelRegistryService,
    private readonly versions: RolloutVersions,
    private readonly inForce: RolloutsInForce,
  ) {
    this.sections = config.rollout;
    this.states = configSource(config).states;
  }

  private get hasKeys(): boolean {
    return this.config.clients.length > 0;
  }

  /** Why the current file is not, or not completely, in force; null when it is. */
  get problem(): string | null {
    return this.reason ?? this.absentIn(this.sections);
  }

  models(): string[] {
    return Object.keys(this.sections);
  }

  /** Undefined for a model that the file does not name. */
  of(model: string): RolloutConfig | undefined {
    return Object.hasOwn(this.sections, model) ? this.sections[model] : undefined;
  }

  /** The gates that act on a model's rollout. Without API keys anybody may send feedback, so no gate acts on it. */
  gatesOf(model: string): GateSettings {
    const settings = this.of(model)?.gates ?? DEFAULT_GATES;
    return this.hasKeys ? settings : withoutFeedback(settings);
  }

  /** The gates on feedback that the file names and that do not act, because there are no API keys. */
  mutedGatesOf(model: string): GateName[] {
    return this.hasKeys ? [] : feedbackGatesOf(this.of(model)?.gates ?? DEFAULT_GATES);
  }

  /**
   * The rollout that the file asks for, with the digests of its versions.
   * @throws Error for a model that the file does not name
   */
  wishOf(model: string): FileWish {
    const config = this.of(model);
    if (config === undefined) throw new Error(`There is no rollout of ${model}.`);
    const isWhole = config.canary === null ? this.states('rollout', model, 'canary') : this.states('rollout');
    return { ...this.versions.wishOf(model, config), isWhole };
  }

  /** CANARY_PERCENT, which applies to the default model only; null when it is not set. */
  canaryPercent(model: string): number | null {
    return model === this.config.defaultModel ? this.config.canaryPercent : null;
  }

  /** @param changed called after the sections have changed */
  watch(changed: () => void): void {
    this.sayWhatIsAbsent();
    this.watcher ??= new ConfigWatcher(configSource(this.config), {
      changed: (config) => {
        this.take(config, changed);
      },
      invalid: (error) => {
        this.refuse(error instanceof Error ? error.message : String(error));
      },
      unsettled: () => this.problem !== null,
    });
  }

  onApplicationShutdown(): void {
    this.watcher?.close();
  }

  /**
   * Puts a new configuration in force. It is called again with the same file while there is a problem, so it logs
   * nothing twice.
   */
  private take(config: SerinConfig, changed: () => void): void {
    const problem = this.problemOf(config);
    if (problem !== null) {
      this.refuse(problem);
      return;
    }
    this.sayWhatNeedsRestart(config);
    if (this.reason !== null) this.logger.log('the configuration file is valid again');
    this.reason = null;
    this.states = configSource(config).states;
    if (differs(config.rollout, this.sections)) {
      this.sections = config.rollout;
      this.logger.log('the rollout section has changed and is in force');
      changed();
    }
    this.sayWhatIsAbsent();
  }

  private refuse(problem: string): void {
    if (problem === this.reason) return;
    this.reason = problem;
    this.logger.error(
      `the configuration file has changed and cannot be used; the last good one stays: ${problem}`,
    );
  }

  /**
   * The problem of a new configuration, or null. Models cannot be added or removed while the service runs, and every
   * named version must exist.
   */
  private problemOf(config: SerinConfig): string | null {
    const { rollout } = config;
    const lost = this.lostIn(config);
    if (lost !== null) return lost;
    const now = Object.keys(rollout).sort();
    const before = this.models().sort();
    if (differs(now, before)) {
      return `rollout names the models ${now.join(', ')} and not ${before.join(', ')}: that needs a restart`;
    }
    for (const [model, { stable, canary }] of Object.entries(rollout)) {
      for (const [role, version] of Object.entries({ stable, canary })) {
        if (version !== null && !this.exists(model, version)) {
          return noVersion(model, role, version);
        }
      }
    }
    return null;
  }

  /**
   * The part that a file has lost, perhaps because it is being written at this moment: its rollout section, or the canary
   * of a rollout that is running. Taking such a file would end the rollout, and its evidence would be lost.
   */
  private lostIn(config: SerinConfig): string | null {
    const { states } = configSource(config);
    if (!states('rollout') && this.states('rollout')) {
      return `rollout: the file has lost this section; write it again (${HOW_TO_END} in the section of the model)`;
    }
    for (const [model, { canary }] of Object.entries(config.rollout)) {
      const before = this.of(model)?.canary ?? null;
      if (
        !isUnderWay(this.inForce.of(model)?.phase) ||
        before === null ||
        canary !== null ||
        states('rollout', model, 'canary')
      )
        continue;
      return `rollout.${model}.canary: the file has lost ${before}, which is being rolled out; name it again (${HOW_TO_END})`;
    }
    return null;
  }

  /** Whether the registry has a version; a folder added after the start counts too. */
  private exists(model: string, version: string): boolean {
    try {
      this.registry.reread(model, version);
      return true;
    } catch {
      return this.registry.describe(model).some(({ name }) => name === version);
    }
  }

  /**
   * Finds a version that the file names and that cannot be read: a rollout identifies versions by digest, and a version
   * without a manifest has no digest.
   */
  private absentIn(sections: Sections): string | null {
    for (const [model, { stable, canary }] of Object.entries(sections)) {
      for (const [role, name] of Object.entries({ stable, canary })) {
        if (name === null) continue;
        const found = this.registry.describe(model).find((status) => status.name === name);
        if (found === undefined) return noVersion(model, role, name);
        if (found.version !== null) continue;
        const why = found.reason ?? 'for no known reason';
        return `rollout.${model}.${role}: ${name} cannot be read (${why}); until it can, the file begins nothing with it`;
      }
    }
    return null;
  }

  private sayWhatIsAbsent(): void {
    const absent = this.absentIn(this.sections);
    if (absent !== null && absent !== this.saidAbsent) this.logger.warn(absent);
    this.saidAbsent = absent;
  }

  private sayWhatNeedsRestart(config: SerinConfig): void {
    const keys = Object.keys(config) as (keyof SerinConfig)[];
    const changed = keys.filter((key) => key !== 'rollout' && differs(config[key], this.config[key]));
    const names = changed.map(fileKey).join(', ');
    if (names !== '' && names !== this.saidRestart) {
      this.logger.warn(`changed in the file, and in force after a restart only: ${names}`);
    }
    this.saidRestart = names;
  }
}
