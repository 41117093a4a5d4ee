import { readTextOrNull } from '../read-text.js';

/** With this many, the connections of a busy service find room. */
export const OPEN_FILES_WANTED = 4096;

/**
 * Below this the service cannot be loaded from disk: Node.js opens the modules of one level of imports at once. 528 files
 * were open at the same time in a start of Node.js 20.20; with 512 allowed the start failed, with 640 it did not.
 */
const LEAST_OPEN_FILES = 640;

/** Of the service itself (25 were open with three worker processes), of its logs, state, Redis and look-ups of names. */
const OWN_FILES = 64;

/** Pipes and channels of a worker process, twice: its replacement starts before it has ended. */
const FILES_PER_PROCESS = 8;

const HOW_TO_RAISE =
  'ulimit -n 4096 in the shell that starts it, LimitNOFILE=4096 in its systemd unit, or --ulimit nofile=4096 with docker run';

/**
 * How many files this process may have open at once; null when the kernel does not tell, or sets no limit. Node.js has
 * raised the soft limit to the hard one by now.
 */
export function openFilesLimit(limits = readTextOrNull('/proc/self/limits')): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1];
  return soft === undefined ? null : Number(soft);
}

/** Why the service cannot start with this limit, in a sentence; null when it can. */
export function openFilesProblem(limit: number | null): string | null {
  if (limit === null || limit >= LEAST_OPEN_FILES) return null;
  return `This process may open ${String(limit)} files at once, and the service needs ${String(LEAST_OPEN_FILES)} to start, ${String(OPEN_FILES_WANTED)} for many connections. Raise the hard limit: ${HOW_TO_RAISE}.`;
}

/** What a limit that is rather low means for the service, in a sentence; null when it is high enough. */
export function openFilesWarning(limit: number | null, connections: number): string | null {
  if (limit === null || limit >= OPEN_FILES_WANTED) return null;
  return `This process may open ${String(limit)} files at once, so it serves at most ${String(connections)} connections at once and closes further ones. Raise the hard limit: ${HOW_TO_RAISE}.`;
}

/**
 * How many connections leave the service the files that it needs itself. A service that has no file left can neither
 * replace a worker process nor keep the state of a rollout.
 * @param processes worker processes, spares included
 */
export const connectionsWithin = (limit: number, processes: number): number =>
  Math.max(1, limit - OWN_FILES - FILES_PER_PROCESS * processes);
