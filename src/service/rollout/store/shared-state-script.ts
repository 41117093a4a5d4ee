import { type RedisScript, redisScript } from '../../redis/redis-script.js';

/** The result of a write; `conflict` carries the state that the server holds. */
export type WriteReply =
  | { readonly kind: 'saved' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'conflict'; readonly text: string };

/**
 * Writes a state if the server still holds the expected revision, and publishes it to every replica. A state that
 * cannot be parsed counts as no state. A document with the expected revision itself only saves the progress of a step:
 * only the holder of the lease may write it, because a former holder knows less than its successor.
 *
 * KEYS: state, lease. ARGV: expected revision (empty: none), revision, sealed document, name of the replica, channel.
 */
const LUA = `
local held = redis.call('GET', KEYS[1])
local revision = ''
if held then
  local isJson, sealed = pcall(cjson.decode, held)
  if isJson and type(sealed) == 'table' and type(sealed.content) == 'table'
    and type(sealed.content.revision) == 'number' then
    revision = string.format('%.0f', sealed.content.revision)
  end
end
if revision ~= ARGV[1] then return {'conflict', revision == '' and '' or held} end
if ARGV[1] == ARGV[2] and redis.call('GET', KEYS[2]) ~= ARGV[4] then return {'refused', ''} end
redis.call('SET', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[5], ARGV[4] .. '\\n' .. ARGV[3])
return {'saved', ''}
`;

export const WRITE_STATE: RedisScript<WriteReply> = redisScript(LUA, (reply) => {
  const [kind, text] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (kind === 'saved' || kind === 'refused') return { kind };
  if (kind === 'conflict' && typeof text === 'string') return { kind, text };
  throw new Error('Redis has answered something else than was asked for.');
});
