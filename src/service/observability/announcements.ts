import type { Logger } from 'pino';

/** Where a service is found. */
export interface ServiceUrls {
  readonly url: string;
  /** Undefined without ADMIN_PORT. */
  readonly adminUrl: string | undefined;
  /** Undefined when CLOSED_ROUTES has the documentation. */
  readonly docsUrl: string | undefined;
}

/** A version with a role, after the start. */
export interface StartedVersion {
  readonly model: string;
  readonly version: string;
  readonly state: string;
  readonly role: string | null;
}

/** An address of all interfaces is none that a browser opens everywhere. */
const openable = (url: string): string => url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:)/, '//localhost');

/** What a person reads when answers come, in lines of at most 80 columns. */
export function readyWords(
  { url, docsUrl }: ServiceUrls,
  startMs: number,
  versions: readonly StartedVersion[],
): string {
  const first = `serin: ready after ${(startMs / 1000).toFixed(1)} s: ${openable(url)}`;
  const docs = docsUrl === undefined ? [] : [`       try it in a browser: ${openable(docsUrl)}`];
  const failed = versions
    .filter(({ state }) => state === 'failed')
    .map(({ model, version }) => `       ${model}/${version} failed; GET /models/${model} says why`);
  return `${[first, ...docs, ...failed].join('\n')}\n`;
}

/**
 * Tells that the service listens, and that its answers come: as lines of the log, or on a terminal in words. There the
 * address comes with the second: a person who opens it at once gets an answer.
 */
export class Announcements {
  /** @param stdout where the log goes; a person reads it when it is a terminal */
  constructor(
    private readonly logger: Pick<Logger, 'info' | 'isLevelEnabled'>,
    private readonly stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>,
  ) {}

  listening({ url, adminUrl }: ServiceUrls): void {
    if (this.stdout.isTTY) this.write('serin: loading the models ...\n');
    else this.logger.info({ url, admin_url: adminUrl, pid: process.pid }, 'listening');
  }

  /** @param startMs milliseconds from the start of the service to now */
  ready(urls: ServiceUrls, startMs: number, versions: readonly StartedVersion[]): void {
    if (this.stdout.isTTY) {
      this.write(readyWords(urls, startMs, versions));
      return;
    }
    const { url, docsUrl } = urls;
    this.logger.info({ url, docs_url: docsUrl, start_ms: startMs, versions }, 'ready');
  }

  private write(words: string): void {
    if (this.logger.isLevelEnabled('info')) this.stdout.write(words);
  }
}
