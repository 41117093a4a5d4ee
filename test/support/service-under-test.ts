import { EventEmitter } from 'node:events';
import { deviations } from './openapi-check.js';

/** One JSON line of the service's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: string };

/** Environment variables of the service. */
export type Settings = Readonly<Record<string, string>>;

const WAIT_MS = 30_000;

/** The service as a test sees it, in whatever process it runs: its answers, and the lines of its log. */
export class ServiceUnderTest {
  readonly lines: LogLine[] = [];
  /** What the log held that is not JSON: nothing, unless something is wrong. */
  readonly garbage: string[] = [];
  url = '';
  private readonly arrivals = new EventEmitter().setMaxListeners(0);

  /** The first line that matches, of those that have come and those that will. */
  async line(matches: (line: LogLine) => boolean, timeoutMs = WAIT_MS): Promise<LogLine> {
    const known = this.lines.find(matches);
    if (known !== undefined) return known;
    return new Promise((done, fail) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.arrivals.off('line', onLine);
        this.arrivals.off('end', onEnd);
      };
      const onLine = (line: LogLine): void => {
        if (!matches(line)) return;
        settle();
        done(line);
      };
      const onEnd = (why: string): void => {
        settle();
        fail(new Error(`the service ended while a log line was waited for: ${why}`));
      };
      const timer = setTimeout(() => {
        settle();
        fail(
          new Error(
            `no such log line within ${timeoutMs} ms; the last: ${JSON.stringify(this.lines.at(-1))}`,
          ),
        );
      }, timeoutMs);
      this.arrivals.on('line', onLine);
      this.arrivals.on('end', onEnd);
    });
  }

  /** The log line of a request. */
  requestLine(requestId: string): Promise<LogLine> {
    return this.line(({ msg, request_id: id }) => msg === 'request' && id === requestId);
  }

  /** An answer of the service, which must be as openapi.json says. */
  async fetch(path: string, init?: RequestInit): Promise<Response> {
    const response = await fetch(`${this.url}${path}`, init);
    const wrong = deviations(
      init?.method ?? 'GET',
      path.split('?')[0] ?? '',
      response,
      await response.clone().text(),
    );
    if (wrong.length > 0) throw new Error(`not as in openapi.json: ${wrong.join('; ')}`);
    return response;
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** Takes one line of the log. */
  protected receive(text: string): void {
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      this.garbage.push(text);
      return;
    }
    this.lines.push(line);
    this.arrivals.emit('line', line);
  }

  /** No line will come any more; who waits for one is told so. */
  protected logEnded(why: string): void {
    this.arrivals.emit('end', why);
  }
}
