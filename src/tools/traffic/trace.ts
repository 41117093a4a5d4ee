import { inputName, readObjects, textOf, type BadLine, type ObjectLine } from './traffic-file.js';
import { StartError } from '../../base/errors/start-error.js';

/** Number of unusable lines that are kept for the report. */
const TOLD_BAD_LINES = 5;
/** More mean that the wrong file or field is read. */
const MAX_BAD_LINES = 1000;

/** The defects of unusable lines, in sentences. */
const ABSENT = { text: 'text', time: 'time', both: 'text or no time' } as const;
const WANTED = { text: 'a text', time: 'a time', both: 'a text and a time' } as const;

/** The texts to replay. A text is stored once, however often it occurs. */
export interface Trace {
  /** Distinct texts, well-formed as the service makes them: what the cache takes for the same is one text. */
  readonly texts: readonly string[];
  /** For each request the index of its text. */
  readonly ids: readonly number[];
  /** For each request, milliseconds after the first one; null where the times are not asked for. */
  readonly timesMs: Float64Array | null;
  /** Lines that are not blank. */
  readonly lines: number;
  readonly badLines: number;
  readonly firstBadLines: readonly BadLine[];
}

export interface TraceOptions {
  /** JSONL file; `-` for stdin. */
  readonly input: string;
  readonly textField: string;
  /** Null: times are not read. */
  readonly timeField: string | null;
  /** Most requests to take. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Reads a traffic file whole: reading while sending would show in the latencies.
 * @throws StartError when it cannot be read, has no usable line, or too many that are not; AbortError
 */
export async function readTrace(options: TraceOptions): Promise<Trace> {
  const { input, limit, signal, timeField } = options;
  const idOf = new Map<string, number>();
  const ids: number[] = [];
  const times: number[] = [];
  const bad: BadLine[] = [];
  let [lines, badLines, timeless] = [0, 0, 0];
  const lacking = (): 'text' | 'time' | 'both' =>
    timeless === 0 ? 'text' : timeless === badLines ? 'time' : 'both';
  for await (const found of readObjects(input, signal)) {
    lines++;
    const request = requestOf(found, options);
    if ('problem' in request) {
      if (bad.length < TOLD_BAD_LINES) bad.push({ line: found.line, problem: request.problem });
      if (request.lacks === 'time') timeless++;
      if (++badLines > MAX_BAD_LINES)
        throw unusable(input, `more than ${MAX_BAD_LINES} lines have no ${ABSENT[lacking()]}`, bad);
      continue;
    }
    const text = request.text.toWellFormed();
    let id = idOf.get(text);
    if (id === undefined) idOf.set(text, (id = idOf.size));
    ids.push(id);
    times.push(request.timeMs);
    if (ids.length === limit) break;
  }
  if (ids.length === 0) {
    const wanted = WANTED[lacking()];
    throw unusable(input, lines === 0 ? 'it is empty' : `no line has ${wanted}`, bad);
  }
  return {
    texts: [...idOf.keys()],
    ids,
    timesMs: timeField === null ? null : sinceFirst(times),
    lines,
    badLines,
    firstBadLines: bad,
  };
}

type Request =
  | { readonly text: string; readonly timeMs: number }
  | { readonly problem: string; readonly lacks: 'text' | 'time' };

function requestOf(found: ObjectLine, { textField, timeField }: TraceOptions): Request {
  if ('problem' in found) return { problem: found.problem, lacks: 'text' };
  const { object } = found;
  const read = textOf(object, textField);
  if ('problem' in read) return { problem: read.problem, lacks: 'text' };
  if (timeField === null) return { text: read.text, timeMs: 0 };
  const value: unknown = Object.hasOwn(object, timeField) ? object[timeField] : undefined;
  const timeMs = typeof value === 'string' ? Date.parse(value) : value;
  if (typeof timeMs === 'number' && Number.isFinite(timeMs)) return { text: read.text, timeMs };
  const field = JSON.stringify(timeField);
  const problem = value === undefined ? `it has no field ${field}` : `its ${field} is no time`;
  return { problem, lacks: 'time' };
}

/** A request never comes before the one on the line above: logs are written at the end of requests. */
function sinceFirst(times: readonly number[]): Float64Array {
  const first = times[0] ?? 0;
  let latest = 0;
  return Float64Array.from(times, (time) => (latest = Math.max(latest, time - first)));
}

function unusable(input: string, what: string, [first]: readonly BadLine[]): StartError {
  const where = first === undefined ? '' : ` (line ${first.line}: ${first.problem})`;
  return new StartError(`${inputName(input)} cannot be replayed: ${what}${where}.`);
}
