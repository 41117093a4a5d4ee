import { redisScript } from '../../redis/redis-script.js';

/** Bits of the filter: 2 MiB per rollout. */
export const FILTER_BITS = 2 ** 24;

/** Bits that stand for one text. */
export const BITS_PER_TEXT = 8;

const strings = (reply: unknown): string[] => {
  if (Array.isArray(reply) && reply.every((item) => typeof item === 'string')) return reply;
  throw new Error('Redis has answered something else than was asked for.');
};

/**
 * Fields of the evidence: `epoch`, a name for all that has been counted together; `marked`, once the filter has bits;
 * `base`, what replicas that are gone have seen; and by replica `of:`, what it has seen, `at:`, when it was last
 * heard of (ms, the server's clock), `gone:`, once it is part of the base. A filter that was lost while the evidence
 * was not would let texts count twice: both begin anew then.
 */
const OPEN = `
local function epochOf(evidence, texts)
  local epoch = redis.call('HGET', evidence, 'epoch')
  if epoch and redis.call('HEXISTS', evidence, 'marked') == 1 and redis.call('EXISTS', texts) == 0 then
    redis.call('DEL', evidence)
    return false
  end
  return epoch
end
`;

/**
 * Publishes what one replica has seen. KEYS: evidence, texts. ARGV: replica, the epoch that it believes in (empty:
 * none yet), a name for a new epoch, document (empty: as before), time to live in ms.
 *
 * Answers `ok`; `anew` with another epoch, of which the replica's figures are no part; or `gone` when they are part
 * of the base already: it has to begin anew under another name.
 */
export const PUBLISH = redisScript(
  `${OPEN}
local epoch = epochOf(KEYS[1], KEYS[2])
if not epoch then
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('DEL', KEYS[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if epoch ~= ARGV[2] then return {'anew', epoch} end
if redis.call('HEXISTS', KEYS[1], 'gone:' .. ARGV[1]) == 1 then return {'gone', epoch} end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'of:' .. ARGV[1], ARGV[4]) end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'at:' .. ARGV[1], string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return {'ok', epoch}
`,
  (reply) => {
    const [kind = '', epoch = ''] = strings(reply);
    return { kind, epoch };
  },
);

/**
 * Marks texts as counted. KEYS: evidence, texts. ARGV: epoch, then the bits of each text. Answers a 1 for each text
 * that had not been marked by anybody, and a 0 for the others: a few of them wrongly, never a 1. Answers nothing, and
 * marks nothing, when the epoch is another one by now.
 */
export const MARK_TEXTS = redisScript(
  `${OPEN}
if epochOf(KEYS[1], KEYS[2]) ~= ARGV[1] then return {} end
local answers = {}
for first = 2, #ARGV, ${BITS_PER_TEXT} do
  local isNew = 0
  for i = first, first + ${BITS_PER_TEXT - 1} do
    if redis.call('SETBIT', KEYS[2], ARGV[i], 1) == 0 then isNew = 1 end
  end
  answers[#answers + 1] = isNew
end
redis.call('HSET', KEYS[1], 'marked', 1)
return answers
`,
  (reply): boolean[] => {
    if (Array.isArray(reply)) return reply.map((answer) => answer === 1);
    throw new Error('Redis has answered something else than was asked for.');
  },
);

/** Everything there is, and the server's clock. KEYS: evidence. Answers ms, then names and values of the fields. */
export const READ_ALL = redisScript(
  `
local now = redis.call('TIME')
local fields = redis.call('HGETALL', KEYS[1])
table.insert(fields, 1, string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
return fields
`,
  (reply) => {
    const [now, ...flat] = strings(reply);
    const fields = new Map<string, string>();
    for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '');
    return { nowMs: Number(now), fields };
  },
);

/**
 * Adds what replicas that are gone have seen to the base, if nobody has written anything of it since it was read.
 * KEYS: evidence. ARGV: base as it was (empty: none), base as it is to be, then for each replica its name and its
 * document as it was.
 */
export const FOLD = redisScript(
  `
if (redis.call('HGET', KEYS[1], 'base') or '') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do
  if (redis.call('HGET', KEYS[1], 'of:' .. ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end
redis.call('HSET', KEYS[1], 'base', ARGV[2])
for i = 3, #ARGV, 2 do
  redis.call('HDEL', KEYS[1], 'of:' .. ARGV[i], 'at:' .. ARGV[i])
  redis.call('HSET', KEYS[1], 'gone:' .. ARGV[i], 1)
end
return 1
`,
  (reply) => reply === 1,
);
