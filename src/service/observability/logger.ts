import type { LoggerService } from '@nestjs/common';
import { destination, pino, type Logger } from 'pino';
import { within } from '../../base/within-deadline.js';

/** Size of the blocks in which lines are written: a system call per line would cost more than the rest of the line. */
const BLOCK_BYTES = 32 * 1024;

/** Longest time that a line waits for its block to fill. */
const FLUSH_INTERVAL_MS = 100;

/** Most bytes of lines that wait for a stopped reader; further lines are dropped so that memory does not fill up. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** pino, with a faster path for lines with many members. */
export type LineLogger = Logger & {
  /**
   * Writes the same line as `logger[level](members)`. pino serializes each member separately; JSON.stringify serializes
   * all at once, in a third of the time.
   */
  readonly line: (level: LogLevel, members: Readonly<Record<string, unknown>>) => void;
};

/** Injection token of the process' {@link LineLogger}, which is created before the application. */
export const LINE_LOGGER = Symbol('line logger');

/**
 * Creates a logger of JSON lines on stdout, which are flushed when the process ends. When the reader disconnects
 * (EPIPE, or EIO of a terminal that is gone) or the disk is full, logging ends and the service continues.
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
  // With text, pino would copy the whole block for each added line to count its bytes, so lines are written as bytes.
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

/** Longest wait for the last write: a stopped reader must not keep the process from ending. */
const LAST_WRITE_LIMIT_MS = 2_000;

/**
 * Resolves when all started writes to stdout have ended, or after 2 s. Call it before the process ends: lines still in
 * memory are written at the exit, and would otherwise overtake the started writes.
 */
export async function settleLog(logger: Logger): Promise<void> {
  const settled = new Promise<void>((resolve) => {
    logger.flush(() => {
      resolve();
    });
  });
  await within(LAST_WRITE_LIMIT_MS, settled);
}

/**
 * Returns a function that gives the member `time` of a line. It reuses the text within one millisecond, because under
 * load several lines fall into one millisecond and formatting a date is the slowest part of a line.
 */
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

/** Turns the destination off. Otherwise it would retry without end: at the next line, and at the end of the process. */
function silence(stdout: ReturnType<typeof destination>, reason: string): void {
  stdout.on('error', () => undefined);
  stdout.write = () => true;
  stdout.flush = (done) => done?.();
  stdout.flushSync = () => undefined;
  stdout.end = () => undefined;
  if (reason !== 'EPIPE' && reason !== 'EIO')
    process.stderr.write(`serin: nothing is logged any more, stdout says ${reason}\n`);
}

/** Whether a message has its own fields, which become members of the log line. */
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

  /** Logs at `info`; Nest's own messages about modules and routes are logged at `debug`. */
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

  /** @param rest the arguments that Nest appends: a stack for errors, then the name of the context */
  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const strings = rest.filter((value): value is string => typeof value === 'string');
    const context = strings.at(-1);
    const stack = message instanceof Error ? message.stack : strings.length > 1 ? strings[0] : undefined;
    if (context === NEST_FAILURE) return;
    const fromNest = context !== undefined && NEST_CONTEXTS.has(context);
    const fields = isLine(message) ? { ...message, msg: undefined } : {};
    this.logger[fromNest && level === 'info' ? 'debug' : level]({ ...fields, context, stack }, text(message));
  }
}

/** Nest logs an error of the start with its stack and throws it again; the start then says it, once and in a sentence. */
const NEST_FAILURE = 'ExceptionHandler';

const NEST_CONTEXTS: ReadonlySet<string> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);
