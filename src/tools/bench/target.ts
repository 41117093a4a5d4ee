import { PredictConnections } from '../client/predict-connections.js';
import { RequestFailed, unusable } from '../client/request-failed.js';
import { StartError } from '../../base/errors/start-error.js';
import { readAnswer, type BenchReply } from './read-answer.js';
import { MOST_UNDER_WAY } from './run-slice.js';

export interface TargetOptions {
  /** Its name in the report. */
  readonly name: string;
  readonly url: string;
  readonly apiKey: string | null;
  /** Undefined: the service's default model, and the version that its rollout picks. */
  readonly model: string | undefined;
  readonly version: string | undefined;
}

/** Codes that say "not yet" of a service that has just started. */
const NOT_YET: ReadonlySet<string> = new Set(['NOT_READY', 'VERSION_NOT_READY']);
const PATIENCE_MS = 30_000;
const PAUSE_MS = 100;

/** A server that predictions are asked of. */
export class Target {
  readonly name: string;
  readonly url: string;
  private readonly connections: PredictConnections;

  constructor(private readonly options: TargetOptions) {
    this.name = options.name;
    this.url = options.url;
    this.connections = new PredictConnections({ ...options, connections: MOST_UNDER_WAY });
  }

  /** Never rejects. */
  async send(text: string): Promise<BenchReply> {
    const { model, version } = this.options;
    return readAnswer(await this.connections.post(JSON.stringify({ text, model, version })));
  }

  /**
   * Asks for one prediction before thousands are asked for.
   * @param isStarting whether it is waited for: a version that is loading answers soon
   * @throws StartError that says why it cannot be measured; AbortError
   */
  async check(text: string, isStarting: boolean, signal: AbortSignal): Promise<void> {
    const until = performance.now() + (isStarting ? PATIENCE_MS : 0);
    for (;;) {
      const reply = await this.send(text);
      signal.throwIfAborted();
      if (reply.ok) return;
      if (!NOT_YET.has(reply.code) || performance.now() > until) throw this.refused(reply.code);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  close(): void {
    this.connections.close();
  }

  private refused(code: string): StartError {
    if (code === 'UNREACHABLE') return unusable(new RequestFailed(0, code, this.url));
    if (code === 'UNAUTHENTICATED') return unusable(new RequestFailed(401, code, ''), this.options.apiKey);
    const { model, version } = this.options;
    const asked = `${model ?? 'the default model'}${version === undefined ? '' : `/${version}`}`;
    switch (code) {
      case 'VERSION_NOT_READY':
        return new StartError(
          `${asked} is not loaded at ${this.url}: a service loads the stable and the canary version of its rollout, and what POST /admin/models/…/load names.`,
        );
      case 'UNREADABLE_ANSWER':
        return new StartError(
          `What answers at ${this.url} is no prediction: POST /predict must answer a JSON object.`,
        );
      default:
        return new StartError(`${this.url} answers no prediction by ${asked}: ${code}.`);
    }
  }
}
