import type { LoggerService } from '@nestjs/common';
import { destination, pino, type Logger } from 'pino';
import { within } from '../../base/within-deadline.js';

/** Lines are written in blocks of this size, because a system call per request costs more than the request's line. */
const BLOCK_BYTES = 32 * 1024;

/** A line waits at most this long for its block to fill. */
const FLUSH_INTERVAL_MS = 100;

/** Lines waiting for a reader that has stopped; beyond this they are dropped instead of filling the memory. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export type LogLevel = 'error' | 'warn' | 'info';

/** pino, and a shorter way for lines with many members. */
export type LineLogger = Logger & {
  /**
   * Writes what `logger[level](members)` would write. pino looks at each member by itself; JSON.stringify takes them all
   * at once, in a third of the time.
   */
  readonly line: (level: LogLevel, members: Readonly<Record<string, unknown>>) => void;
};

/** Injection token of the process' {@link LineLogger}, which is there before the application. */
export const LINE_LOGGER = Symbol('line logger');

/**
 * JSON lines on stdout, flushed when the process ends. A reader that goes away (EPIPE) or a disk that is full ends the
 * logging, not the service.
 */
export function createLogger(level: string): LineLogger {
  const stdout = destination({
    dest: 1,
    sync: false,
    minLength: BLOCK_BYTES,
    maxWrite: 2 * BLOCK_BYTES,
    contentMode: 'buffer',
    periodicFlush: FLUSH_INTERVAL_MS,
    maxLength: MAX_WAITING_BYTES,
  });
  stdout.once('error', (error: NodeJS.ErrnoException) => {
    silence(stdout, error.code ?? error.message);
  });
  // As text, a block would be copied as a whole with each line that is added, to count its bytes.
  const writeBytes = stdout.write.bind(stdout) as unknown as (line: Buffer) => boolean;
  stdout.write = (line) => writeBytes(Buffer.from(line));
  const timestamp = timestamps();
  const logger = pino(
    { level, base: null, timestamp, formatters: { level: (label) => ({ level: label }) } },
    stdout,
  );
  return Object.assign(logger, {
    line: (lineLevel: LogLevel, members: Readonly<Record<string, unknown>>): void => {
      if (!logger.isLevelEnabled(lineLevel)) return;
      stdout.write(`{"level":"${lineLevel}"${timestamp()},${JSON.stringify(members).slice(1)}\n`);
    },
  });
}

/** A reader that has stopped must not keep the process from ending. */
const LAST_WRITE_LIMIT_MS = 2_000;

/**
 * Resolves when nothing of the log is on its way to stdout any more, or after 2 s; to be called before the process
 * ends. What is still in memory then is written as it ends, and would otherwise overtake what is on its way.
 */
export async function settleLog(logger: Logger): Promise<void> {
  const settled = new Promise<void>((resolve) => {
    logger.flush(() => {
      resolve();
    });
  });
  await within(LAST_WRITE_LIMIT_MS, settled);
}

/** The member `time` of a line. Under load several lines fall into one millisecond, and writing a date takes longest. */
function timestamps(): () => string {
  let writtenAt = NaN;
  let member = '';
  return () => {
    const now = Date.now();
    if (now !== writtenAt) {
      writtenAt = now;
      member = `,"time":"${new Date(now).toISOString()}"`;
    }
    return member;
  };
}

/** Left alone, the destination would try again for ever: at the next line, and when the process wants to end. */
function silence(stdout: ReturnType<typeof destination>, reason: string): void {
  stdout.on('error', () => undefined);
  stdout.write = () => true;
  stdout.flush = (done) => done?.();
  stdout.flushSync = () => undefined;
  stdout.end = () => undefined;
  if (reason !== 'EPIPE') process.stderr.write(`serin: nothing is logged any more, stdout says ${reason}\n`);
}

/** A message with fields of its own, which become members of the log line. */
const isLine = (message: unknown): message is Readonly<Record<string, unknown>> & { readonly msg: string } =>
  typeof message === 'object' && message !== null && 'msg' in message && typeof message.msg === 'string';

function text(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Error) return message.message;
  return isLine(message) ? message.msg : JSON.stringify(message);
}

/** Lets Nest's `new Logger('Name')` write to our log; the name becomes `context`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  /** Nest's own announcements of modules and routes are worth a debug line at most. */
  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** @param rest what Nest appends: a stack for errors, then the context's name. */
  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const strings = rest.filter((value): value is string => typeof value === 'string');
    const context = strings.at(-1);
    const stack = message instanceof Error ? message.stack : strings.length > 1 ? strings[0] : undefined;
    const fromNest = context !== undefined && NEST_CONTEXTS.has(context);
    const fields = isLine(message) ? { ...message, msg: undefined } : {};
    this.logger[fromNest && level === 'info' ? 'debug' : level]({ ...fields, context, stack }, text(message));
  }
}

const NEST_CONTEXTS: ReadonlySet<string> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);
