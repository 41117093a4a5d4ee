import { redisScript } from '../../redis/redis-script.js';

/** Bits of the Bloom filter: 2 MiB per rollout. */
export const FILTER_BITS = 2 ** 24;

/** Bits per text. */
export const BITS_PER_TEXT = 8;

const strings = (reply: unknown): string[] => {
  if (Array.isArray(reply) && reply.every((item) => typeof item === 'string')) return reply;
  throw new Error('Redis has answered something else than was asked for.');
};

/**
 * Fields of the evidence: `epoch`, an id of everything that is counted together; `marked`, set once the filter has
 * bits; `base`, the evidence of replicas that are gone; and for each replica `of:<name>`, its evidence, `at:<name>`,
 * when it last published (ms, the server's clock), and `gone:<name>`, set once it is part of the base. If the filter
 * were lost and the evidence were not, texts could count twice; in that case both start again.
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
 * Publishes the evidence of one replica. KEYS: evidence, texts. ARGV: name of the replica, the epoch that it knows
 * (empty: none yet), an id for a new epoch, its document (empty: unchanged), time to live in ms.
 *
 * Returns `ok`; `anew` with another epoch, which does not contain the replica's figures; or `gone` when the figures are
 * already part of the base, and the replica must start again under another name.
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
 * Marks texts as counted. KEYS: evidence, texts. ARGV: epoch, then the bits of each text. Returns 1 for each text that
 * no replica had marked, and 0 for the others. A few 0s are wrong; a 1 is never wrong. Returns nothing and marks
 * nothing when the epoch has changed.
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

/** Reads all fields and the server's clock. KEYS: evidence. Returns ms, then the names and values of the fields. */
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
 * Merges the evidence of replicas that are gone into the base, unless one of these fields has changed since it was
 * read. KEYS: evidence. ARGV: the old base (empty: none), the new base, then for each replica its name and its old
 * document.
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
