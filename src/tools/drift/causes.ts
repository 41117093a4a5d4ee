import type { Difference } from './compare-outcomes.js';
import type { FileOutcome, ServiceOutcome } from './text-outcome.js';

/** The compared version as described by each of the two sides. */
export interface Sides {
  readonly version: string;
  /** Null when the service does not report it. */
  readonly serviceDigest: string | null;
  readonly fileDigest: string;
  readonly serviceMaxTokens: number | null;
  readonly fileMaxTokens: number;
  /** Most that a score moved with the texts beside it in a batch, on record in the manifest; 0 when not measured. */
  readonly batchVariance: number;
}

/** One text that the two paths do not agree about. */
export interface Disagreement {
  readonly text: string;
  readonly service: ServiceOutcome;
  readonly file: FileOutcome;
  /** Null when one of them gave no answer. */
  readonly difference: Difference | null;
}

/** A machine-readable name and a sentence for a person. */
export interface Cause {
  readonly cause: string;
  readonly explanation: string;
}

/**
 * Largest score difference that other kernels, other instruction sets or another runtime release explain. Measured
 * figures for float32 lie below 1e-5 and for statically quantised int8 below 1e-3; wrong tokens move a score further.
 */
const NUMERIC_DIFFERENCE = 1e-3;

/** No time or no room, said by the service or by a proxy before it. */
const OVERLOAD_CODES: ReadonlySet<string | null> = new Set([
  'DEADLINE_EXCEEDED',
  'OVERLOADED',
  'RATE_LIMITED',
  'HTTP_429',
  'HTTP_503',
  'HTTP_504',
]);

interface Rule {
  readonly cause: string;
  readonly applies: (found: Disagreement, sides: Sides) => boolean;
  readonly explain: (found: Disagreement, sides: Sides) => string;
}

const serviceCode = ({ service }: Disagreement): string | null => (service.ok ? null : service.code);
const tokensDiffer = ({ difference }: Disagreement): boolean => difference?.tokens ?? false;
const isTruncated = ({ service, file }: Disagreement): boolean =>
  (service.ok && service.truncated) || (file.ok && file.truncated);
const limits = ({ serviceMaxTokens, fileMaxTokens }: Sides): string =>
  `max_tokens is ${String(serviceMaxTokens ?? 'unknown')} there and ${fileMaxTokens} here`;
const digests = ({ serviceDigest, fileDigest }: Sides): string =>
  `digest ${(serviceDigest ?? 'unknown').slice(0, 12)} there, ${fileDigest.slice(0, 12)} here`;

/** Accents, compatibility forms, invisible and control characters: what normalizers change. */
const needsNormalising = (text: string): boolean =>
  text !== text.normalize('NFD') || text !== text.normalize('NFKC') || /[\p{Cc}\p{Cf}\uFFFD]/u.test(text);

/** The first rule that applies names the cause; rules that explain more come first. */
const RULES: readonly Rule[] = [
  {
    cause: 'body_limit',
    applies: (found) => serviceCode(found) === 'BODY_TOO_LARGE',
    explain: () => "the text alone exceeds the service's MAX_BODY_BYTES; files have no such limit",
  },
  {
    cause: 'service_overloaded',
    applies: (found) => OVERLOAD_CODES.has(serviceCode(found)),
    explain: (found) =>
      `the service had no room or time for it (${String(serviceCode(found))}), however often it was asked; repeat when there is less load`,
  },
  {
    cause: 'validation',
    applies: (found) => ['EMPTY_TEXT', 'INVALID_REQUEST'].includes(serviceCode(found) ?? ''),
    explain: (found) =>
      `the service takes it for bad input (${String(serviceCode(found))}) and the file path does not: other releases`,
  },
  {
    cause: 'service_error',
    applies: ({ service }) => !service.ok,
    explain: ({ service }) =>
      service.ok ? '' : `the service failed with ${service.code}: ${service.message}`,
  },
  {
    cause: 'file_path_error',
    applies: ({ file }) => !file.ok,
    explain: ({ file }) => (file.ok ? '' : `the file path failed with ${file.code}: ${file.message}`),
  },
  {
    cause: 'other_version',
    applies: ({ service }, sides) => service.ok && service.version !== sides.version,
    explain: ({ service }, sides) =>
      `${service.ok ? service.version : ''} answered although ${sides.version} was asked for: look at what stands between`,
  },
  {
    cause: 'other_digest',
    applies: (_, sides) => sides.serviceDigest !== null && sides.serviceDigest !== sides.fileDigest,
    explain: (_, sides) => {
      const sameLimits = sides.serviceMaxTokens === sides.fileMaxTokens;
      const more = sameLimits ? '' : `; ${limits(sides)}`;
      return `the service has other files under the name ${sides.version} (${digests(sides)})${more}`;
    },
  },
  {
    cause: 'truncation_limit',
    applies: (found) => (tokensDiffer(found) && isTruncated(found)) || (found.difference?.truncated ?? false),
    explain: (_, sides) => `the text is cut at another place: ${limits(sides)}`,
  },
  {
    cause: 'ill_formed_text',
    applies: (found) => tokensDiffer(found) && !found.text.isWellFormed(),
    explain: () => 'the text holds half a surrogate pair, which the two do not replace alike',
  },
  {
    cause: 'normalisation',
    applies: (found) => tokensDiffer(found) && needsNormalising(found.text),
    explain: () =>
      'the text needs Unicode normalisation, which the two do differently: other releases, or a client between',
  },
  {
    cause: 'tokenizer',
    applies: tokensDiffer,
    explain: () => 'the same text becomes other tokens: another tokenizer, or a client that changes texts',
  },
  {
    cause: 'batch_variance',
    applies: ({ difference }, sides) => (difference?.score ?? 1) <= sides.batchVariance,
    explain: (_, sides) =>
      `within what the texts beside it in a batch do to this version (${sides.batchVariance.toExponential(1)} on record)`,
  },
  {
    cause: 'near_tie',
    applies: ({ difference }) =>
      (difference?.label ?? false) && (difference?.score ?? 1) <= NUMERIC_DIFFERENCE,
    explain: () => 'both labels score nearly the same, and a rounding decides: other CPU, kernels or runtime',
  },
  {
    cause: 'numeric',
    applies: ({ difference }) => (difference?.score ?? 1) <= NUMERIC_DIFFERENCE,
    explain: () =>
      'same tokens, and a small difference: other CPU features, other int8 kernels or another runtime',
  },
  {
    cause: 'model',
    applies: () => true,
    explain: () =>
      'same number of tokens, and too large a difference for rounding: other token ids, other weights or session options',
  },
];

/** Every cause, in the order in which they are tried; docs/drift.md explains each of them. */
export const CAUSES: readonly string[] = RULES.map(({ cause }) => cause);

/** The likely cause, from what is known of both answers; a text is never part of the explanation. */
export function likelyCause(found: Disagreement, sides: Sides): Cause {
  const rule = RULES.find(({ applies }) => applies(found, sides));
  if (rule === undefined) throw new Error('the last rule applies to everything');
  return { cause: rule.cause, explanation: rule.explain(found, sides) };
}
