import { readFileSync, readdirSync } from 'node:fs';

/** Ticks per second of the times in /proc: USER_HZ, 100 on every architecture that Node.js runs on. */
const TICKS_PER_S = 100;

interface ProcStat {
  readonly state: string;
  readonly parent: number;
  readonly cpuS: number;
}

/** null when the process is gone. */
function readStat(pid: number): ProcStat | null {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The name, in parentheses, may contain spaces; what follows it does not. Fields: proc_pid_stat(5).
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
  };
}

/** Child processes that live; one that has ended and is not yet reaped does not count. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => {
      const stat = readStat(candidate);
      return stat?.parent === pid && stat.state !== 'Z';
    });
}

function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

/** Processor seconds used so far; 0 when the process is gone. */
export function cpuSeconds(pid: number): number {
  return readStat(pid)?.cpuS ?? 0;
}

/** Proportional set size: memory of the process, pages shared with others divided among those that share them. */
export function pssBytes(pid: number): number {
  const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(match?.[1]) * 1024;
}

/** {@link pssBytes} of a process and all its descendants, added up. */
export function treePssBytes(pid: number): number {
  return treeOf(pid).reduce((sum, member) => sum + pssBytes(member), 0);
}
