import { readdirSync } from 'node:fs';
import { readTextOrNull } from '../read-text.js';

/** What a process has had of the processors, and what it waits for. */
export interface ProcessorUse {
  /** Processor time of all its threads since it began, in milliseconds. */
  readonly usedMs: number;
  /** True when a thread waits for a processor or has one, or waits for the disk: it would go on if it could. */
  readonly wantsToRun: boolean;
}

/** The kernel gives times in hundredths of a second on every machine that Node.js supports (USER_HZ). */
const TICK_MS = 10;

/** Runnable, and in uninterruptible sleep: mostly a page that is read from the disk (proc_pid_stat(5)). */
const WANTING = new Set(['R', 'D']);

/** The fields of a stat file from the third one on; the second, the name, may contain spaces and brackets. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${String(pid)}/task`);
  } catch {
    return [];
  }
}

/** Null when the kernel does not tell, or the process is gone. */
export function processorUse(pid: number): ProcessorUse | null {
  const folder = `/proc/${String(pid)}`;
  const stat = readTextOrNull(`${folder}/stat`);
  if (stat === null) return null;
  const [user, system] = fieldsOf(stat).slice(11, 13).map(Number);
  if (user === undefined || system === undefined) return null;
  const states = threadsOf(pid).map((thread) => readTextOrNull(`${folder}/task/${thread}/stat`) ?? '');
  return {
    usedMs: (user + system) * TICK_MS,
    wantsToRun: states.some((text) => WANTING.has(fieldsOf(text)[0] ?? '')),
  };
}
