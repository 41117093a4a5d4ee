/** `full`: no memory is left. `read_only`: the server takes no writes from anybody. */
export type RefusalKind = 'full' | 'read_only';

/** Why a server that answers takes no writes. */
export interface WriteRefusal {
  readonly kind: RefusalKind;
  /** A predicate of the server: "is full: it stores nothing new". */
  readonly state: string;
  /** What the operator can do, as a sentence. */
  readonly advice: string;
}

/** By the word with which Redis begins such an error (redis.io/docs/latest/develop/reference/protocol-spec). */
const REFUSALS: Readonly<Record<string, WriteRefusal>> = {
  OOM: {
    kind: 'full',
    state: 'is full: it answers, and stores nothing new',
    advice:
      'Raise its maxmemory, or set maxmemory-policy volatile-lru: then it makes room by removing cached answers.',
  },
  READONLY: {
    kind: 'read_only',
    state: 'is a read-only replica: it answers, and stores nothing',
    advice: 'Let REDIS_URL name the primary server, or make this one the primary (REPLICAOF NO ONE).',
  },
  MISCONF: {
    kind: 'read_only',
    state: 'cannot save its data to its disk, and therefore stores nothing: it is read-only',
    advice:
      'Look at its log; free its disk, or set stop-writes-on-bgsave-error no, and then a crash of it loses data.',
  },
  NOREPLICAS: {
    kind: 'read_only',
    state: 'has fewer replicas than min-replicas-to-write, and therefore stores nothing: it is read-only',
    advice: 'Start its replicas, or lower min-replicas-to-write.',
  },
};

/** Redis before version 7 puts the error of a command in a script behind "… @user_script: 3: -". */
const REFUSED = new RegExp(`(?:^|-)(${Object.keys(REFUSALS).join('|')})\\b`);

/** A write without effect that a server refuses if it refuses writes. */
export const WRITE_PROBE = ['SET', 'serin:writable', '', 'PX', '1000'] as const;

/** Why the server refused the write that failed with this error; null when the error says something else. */
export function writeRefusalOf(error: unknown): WriteRefusal | null {
  const word = error instanceof Error ? REFUSED.exec(error.message)?.[1] : undefined;
  return word === undefined ? null : (REFUSALS[word] ?? null);
}
