/**
 * One counter of GET /metrics, its labelled values added up.
 * @param labels what a line's labels must contain, e.g. `level="memory"`
 */
export async function readCounter(url: string, name: string, labels = ''): Promise<number> {
  const answer = await fetch(`${url}/metrics`);
  const lines = (await answer.text()).split('\n');
  return lines
    .filter((line) => line.startsWith(`${name} `) || (line.startsWith(`${name}{`) && line.includes(labels)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
