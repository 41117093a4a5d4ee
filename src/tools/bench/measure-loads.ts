import type { BenchExchange } from './read-answer.js';
import { loadName, ratesFor, type Load } from './loads.js';
import { runSlice, type Slice } from './run-slice.js';
import type { Target } from './target.js';
import type { Traffic } from './bench-texts.js';

export interface Plan {
  /** Of the closed loop; may be empty. */
  readonly connections: readonly number[];
  /** Of the open loop; null: shares of the capacity, measured first. */
  readonly ratesPerS: readonly number[] | null;
  /** Every load gets this many slices, in turn with the others, so that a drift affects all loads. */
  readonly rounds: number;
  /** Of each load, all rounds together. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly seed: number;
}

export interface MeasureOptions {
  /** One, or two that take turns. */
  readonly targets: readonly Target[];
  readonly plan: Plan;
  readonly traffic: Traffic;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

export interface RoundSlice extends Slice {
  /** From 0. */
  readonly round: number;
}

/** The slices of one load on one target. */
export interface LoadSlices {
  readonly load: Load;
  readonly slices: readonly RoundSlice[];
}

export interface Measurement {
  readonly ended: 'done' | 'interrupted' | 'service_gone';
  /** Requests per second of the first target at the most connections; null when rates were given. */
  readonly capacityPerS: number | null;
  /** By target, in their order. */
  readonly runs: readonly (readonly LoadSlices[])[];
}

/** Default number of connections for a load that measures the capacity. */
const CAPACITY_CONNECTIONS = 32;
/** A longer load gives no more precision: rates are rounded to two digits. */
const MOST_CAPACITY_MS = 3_000;

/** Warms up, finds the rates, and runs every load in every round. */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { targets, plan, signal, say } = options;
  const sliceMs = (1000 * plan.seconds) / plan.rounds;
  const most = Math.max(...plan.connections, plan.connections.length === 0 ? CAPACITY_CONNECTIONS : 0);
  await warmUp(options, most);
  let capacityPerS: number | null = null;
  if (plan.ratesPerS === null) {
    const capacityMs = Math.min(MOST_CAPACITY_MS, 1000 * plan.seconds);
    capacityPerS = await capacityOf(options, most, capacityMs);
    say(`capacity ${Math.round(capacityPerS)} requests/s at ${most} connections`);
  }
  const loads: Load[] = [
    ...plan.connections.map((connections) => ({ kind: 'closed', connections }) as const),
    ...(plan.ratesPerS ?? ratesFor(capacityPerS ?? 0)).map(
      (ratePerS) => ({ kind: 'open', ratePerS }) as const,
    ),
  ].filter((load) => load.kind === 'closed' || load.ratePerS > 0);
  const runs = targets.map(() => loads.map((load) => ({ load, slices: [] as RoundSlice[] })));

  for (let round = 0; round < plan.rounds; round++) {
    for (const [place, load] of loads.entries()) {
      const turn = round * loads.length + place;
      const stream = options.traffic.turn(turn);
      // There and back: of two that take turns, neither is always the first.
      const order = round % 2 === 0 ? [...targets.keys()] : [...targets.keys()].reverse();
      for (const of of order) {
        const target = targets[of];
        if (target === undefined) continue;
        const next = stream();
        const send = (): ReturnType<Target['send']> => target.send(next());
        const slice = await runSlice({ load, sliceMs, seed: plan.seed + turn, send, signal });
        if (slice.ended !== 'done') return { ended: slice.ended, capacityPerS, runs };
        if (isSilent(slice)) return { ended: 'service_gone', capacityPerS, runs };
        runs[of]?.[place]?.slices.push({ ...slice, round });
      }
    }
    say(`round ${round + 1} of ${plan.rounds}: ${loads.map(loadName).join(', ')}`);
  }
  return { ended: 'done', capacityPerS, runs };
}

/** Every repeated text once, then whatever comes: nothing of it counts. */
async function warmUp(
  { targets, plan, traffic, signal, say }: MeasureOptions,
  connections: number,
): Promise<void> {
  const stream = traffic.turn(WARM_UP_TURN);
  for (const target of targets) {
    say(`warming up ${target.name}`);
    const next = stream();
    const first = [...traffic.repeated];
    const sendFirst = async (): Promise<void> => {
      for (let text = first.pop(); text !== undefined && !signal.aborted; text = first.pop()) {
        // A cache keeps no failure, and a text that it does not have is no hit later.
        for (let tries = 0; tries < WARM_UP_TRIES; tries++) if ((await target.send(text)).ok) break;
      }
    };
    await Promise.all(Array.from({ length: connections }, sendFirst));
    const load = { kind: 'closed', connections } as const;
    const send = (): ReturnType<Target['send']> => target.send(next());
    await runSlice({ load, sliceMs: 1000 * plan.warmUpSeconds, seed: plan.seed, send, signal });
  }
}

const WARM_UP_TRIES = 5;
const WARM_UP_TURN = -1;
const CAPACITY_TURN = -2;

async function capacityOf(
  { targets: [target], plan, traffic, signal }: MeasureOptions,
  connections: number,
  sliceMs: number,
): Promise<number> {
  if (target === undefined) return 0;
  const next = traffic.turn(CAPACITY_TURN)();
  const send = (): ReturnType<Target['send']> => target.send(next());
  const slice = await runSlice({
    load: { kind: 'closed', connections },
    sliceMs,
    seed: plan.seed,
    send,
    signal,
  });
  return (1000 * slice.answeredInTime) / sliceMs;
}

/** Nobody listens any more: a slice may be shorter than the silence that says so elsewhere. */
const isSilent = ({ exchanges }: Slice): boolean =>
  exchanges.length > 0 && exchanges.every(({ reply }) => !reply.ok && reply.code === 'UNREACHABLE');

export const isAnswered = ({ reply }: BenchExchange): boolean => reply.ok;
