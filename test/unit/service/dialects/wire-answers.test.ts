import { expect, it } from 'vitest';
import type { SerinConfig } from '../../../../src/base/config/serin-config.js';
import { FIRST_WINDOW } from '../../../../src/engine/view.js';
import type { Answers } from '../../../../src/service/answers/answers.js';
import type { WireFormat } from '../../../../src/service/dialects/dialect.js';
import { Access } from '../../../../src/service/http/access/access.js';
import { WireAnswers } from '../../../../src/service/dialects/wire-answers.js';
import { Reply } from '../../../../src/service/request/reply.js';
import { RequestContext } from '../../../../src/service/request/request-context.js';
import type { WireRequest } from '../../../../src/service/request/wire-request.js';
import { countTurns } from '../../../support/event-loop-turns.js';

/** No clients and no rates. */
const OPEN = new Access({ clients: [], rateLimitPerS: null, rateLimitBurst: null, maxTexts: 256 }, null);

const listOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `Film ${i}.`);

const format: WireFormat<null> = {
  name: 'plain',
  parse: ({ body }) => {
    const texts = body as string[];
    const asks = texts.map((text, index) => ({ text, view: FIRST_WINDOW, index }));
    return { asks, choice: {}, shape: null, texts };
  },
  reply: () => new Reply(200, {}),
  problem: () => new Reply(500, {}),
};

/** The turns of the event loop in which lists that were read in the same one are answered. */
async function turnsOf(lists: readonly string[][]): Promise<number[]> {
  const counter = countTurns();
  const turns: number[] = [];
  const answers: Pick<Answers, 'answer'> = {
    answer: () => {
      turns.push(counter.now());
      return Promise.resolve({ model: 'm', results: [], turnAt: 0 });
    },
  };
  const wire = new WireAnswers(answers as Answers, OPEN, { logText: false } as SerinConfig);
  await Promise.all(
    lists.map((body) =>
      wire.handle(format, { body } as unknown as WireRequest, new RequestContext('id', null, 1000)),
    ),
  );
  counter.stop();
  return turns;
}

it('long lists are answered one in a turn of the event loop', async () => {
  const turns = await turnsOf([listOf(256), listOf(32), listOf(100)]);
  expect(new Set(turns).size).toBe(3);
});

it('short lists are answered at once', async () => {
  expect(new Set(await turnsOf([listOf(1), listOf(5), listOf(31)])).size).toBe(1);
});
