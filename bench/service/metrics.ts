/** The text of GET /metrics. */
export async function readMetrics(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`);
  return answer.text();
}

/**
 * One figure of GET /metrics, its labelled values added up; 0 when the service does not tell it.
 * @param labels what a line's labels must contain, e.g. `level="memory"`
 */
export function valueOf(metrics: string, name: string, labels = ''): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || (line.startsWith(`${name}{`) && line.includes(labels)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** {@link valueOf} of the service's current metrics. */
export async function readMetric(url: string, name: string, labels = ''): Promise<number> {
  return valueOf(await readMetrics(url), name, labels);
}

/** Texts that workers have computed so far. */
export const computedTexts = (url: string): Promise<number> => readMetric(url, 'serin_batch_texts_sum');
