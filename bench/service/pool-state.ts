/** How many worker processes the service counts, from GET /metrics. */
export interface PoolState {
  readonly wanted: number;
  readonly ready: number;
  readonly spare: number;
}

export async function readPoolState(url: string): Promise<PoolState> {
  const answer = await fetch(`${url}/metrics`);
  const text = await answer.text();
  const read = (state: string): number =>
    Number(new RegExp(`^serin_workers\\{[^}]*state="${state}"[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1]);
  return { wanted: read('wanted'), ready: read('ready'), spare: read('spare') };
}
