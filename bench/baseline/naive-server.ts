// The simplest server that works: node:http, the tokenizer, and a run per request in the process that answers. Default
// session options and threads, no batches, no queue, no second process.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { answerParent } from '../base/child.js';
import { readTokenizer } from '../corpus/version-files.js';
import type { Listening, NaiveOrder } from './baseline-service.js';

async function readText(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return (JSON.parse(body) as { text: string }).text;
}

async function serve({ folder }: NaiveOrder): Promise<Listening> {
  const tokenizer = readTokenizer(folder);
  const session = await InferenceSession.create(join(folder, 'model.onnx'));
  const predict = async (text: string): Promise<{ label: number; score: number }> => {
    const ids = BigInt64Array.from(tokenizer.encode(text), BigInt);
    const dims = [1, ids.length];
    const inputs = {
      input_ids: ids,
      attention_mask: new BigInt64Array(ids.length).fill(1n),
      token_type_ids: new BigInt64Array(ids.length),
    };
    const feeds = Object.entries(inputs).filter(([name]) => session.inputNames.includes(name));
    const results = await session.run(
      Object.fromEntries(feeds.map(([name, data]) => [name, new Tensor('int64', data, dims)])),
    );
    const logits = Object.values(results)[0]?.data as Float32Array;
    const powers = [...logits].map(Math.exp);
    const scores = powers.map((power) => power / powers.reduce((sum, value) => sum + value, 0));
    const score = Math.max(...scores);
    return { label: scores.indexOf(score), score };
  };
  const server = createServer((request, response) => {
    void readText(request)
      .then(predict)
      .then(
        (answer) => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
        () => response.writeHead(500).end(),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port };
}

answerParent(serve);
