export interface QueueFacts {
  /** Texts per second that the chosen setting answers. */
  readonly textsPerS: number;
  readonly sloP95Ms: number | null;
  readonly requestTimeoutMs: number;
  readonly maxTexts: number;
}

/** The number of texts that may be admitted, and the wait in a full queue. */
export interface QueueAdvice {
  readonly limit: number;
  /** Wait of the last text of a full queue, at this rate. */
  readonly fullQueueMs: number;
  readonly why: string;
}

/**
 * Little's law: N texts that are answered at X per second stay N / X seconds. So a limit on the texts admitted is a
 * limit on the time that each stays, and follows from the time that is allowed: it needs no measurement of its own.
 * Without an SLO half of the deadline is allowed, so that the other half is left for the way there and back.
 */
export function adviseQueue({ textsPerS, sloP95Ms, requestTimeoutMs, maxTexts }: QueueFacts): QueueAdvice {
  const allowedMs = sloP95Ms ?? requestTimeoutMs / 2;
  const wanted = Math.max(2, Math.floor((textsPerS * allowedMs) / 1000));
  const least = 2 * maxTexts;
  const limit = Math.max(least, wanted);
  const fullQueueMs = (1000 * limit) / textsPerS;
  const reason =
    sloP95Ms === null ? `half of REQUEST_TIMEOUT_MS (${requestTimeoutMs})` : `the ${sloP95Ms} ms of the SLO`;
  const rate = `${Math.round(textsPerS)} texts/s`;
  if (wanted >= least) {
    return {
      limit,
      fullQueueMs,
      why: `at ${rate}, ${limit} texts take ${reason}: what comes beyond is refused at once`,
    };
  }
  return {
    limit,
    fullQueueMs,
    why:
      `at ${rate}, ${wanted} texts would take ${reason}, but QUEUE_LIMIT is at least twice MAX_TEXTS (${maxTexts}): ` +
      `a full queue takes ${Math.round(fullQueueMs)} ms; MAX_TEXTS ${Math.max(1, Math.floor(wanted / 2))} would allow the smaller one`,
  };
}
