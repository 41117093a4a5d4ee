import type { Dispatcher } from 'undici';
import type { Version } from '../base/plan.js';

/** The body of one POST /predict; without a version the service chooses one. */
export const predictBody = (text: string, version?: Version): string => JSON.stringify({ text, version });

/** Sends one POST /predict over kept connections. @throws the connection's error */
export function postPredict(
  connections: Dispatcher,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Dispatcher.ResponseData> {
  return connections.request({
    method: 'POST',
    path: '/predict',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

/** Sends one POST /predict; never rejects. @returns whether the answer was 200 */
export async function isAnswered(connections: Dispatcher, body: string): Promise<boolean> {
  try {
    const answer = await postPredict(connections, body);
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}
