// Asks a running Serin for the label of a text. Nothing but fetch is needed: Node.js, Deno, Bun and browsers have it.

interface Prediction {
  label: string;
  score: number;
  model_version: string;
}

interface Problem {
  code: string;
  detail: string;
  retry_after_ms?: number;
}

const URL = process.env['SERIN_URL'] ?? 'http://127.0.0.1:3000';
const ATTEMPTS = 5;

/** Waits and asks again, as the service tells, while it is overloaded or starting. */
async function predict(text: string): Promise<Prediction> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`${URL}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    });
    if (answer.ok) return (await answer.json()) as Prediction;
    const { code, detail, retry_after_ms: waitMs } = (await answer.json()) as Problem;
    if (waitMs === undefined || attempt === ATTEMPTS) throw new Error(`${code}: ${detail}`);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

const { label, score, model_version: version } = await predict('A gripping, beautifully shot film.');
console.log(`${label} ${score.toFixed(2)} (${version})`);
