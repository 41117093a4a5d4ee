import { ResidentMemory } from './resident-memory.js';
import { SessionTable } from './session-table.js';
import { TokenizingNotes } from './tokenizing-notes.js';
import type { FromWorker, ToWorker } from '../protocol/protocol.js';

// A terminal's Ctrl-C and a supervisor's SIGTERM reach the whole process group. The parent decides when a worker
// ends: it closes the channel once what was in flight has been answered. The channel also closes when the parent
// is killed, so no worker outlives it.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));

const memory = new ResidentMemory();
const table = new SessionTable();
// The parent's argument is the descriptor of its file.
const notes = new TokenizingNotes(Number.parseInt(process.argv[2] ?? '', 10));

function send(message: FromWorker): void {
  // A closed channel makes send call back with an error; by then 'disconnect' ends this process anyway.
  process.send?.(message, undefined, undefined, () => undefined);
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'load': {
      const { spec } = message;
      const startedAt = performance.now();
      try {
        const cost = await table.load(spec, (type) => {
          send({ type, key: spec.key });
        });
        send({ type: 'loaded', key: spec.key, cost, loadMs: performance.now() - startedAt });
      } catch (error) {
        send({ type: 'load_failed', key: spec.key, message: sentence(error) });
      }
      return;
    }
    case 'unload':
      await table.unload(message.key);
      send({ type: 'unloaded', key: message.key });
      return;
    case 'run':
    case 'run_planned': {
      const { batchId, key } = message;
      try {
        const result =
          message.type === 'run'
            ? await table.run(key, {
                texts: message.texts,
                ranges: message.ranges,
                atText: (text) => {
                  notes.note(batchId, text);
                },
              })
            : await table.runPlanned(key, message.runs);
        send({ type: 'done', batchId, ok: true, ...result, rssBytes: memory.read() });
      } catch (error) {
        send({
          type: 'done',
          batchId,
          ok: false,
          code: 'INFERENCE_FAILED',
          message: sentence(error),
          rssBytes: memory.read(),
        });
      }
      return;
    }
    default:
      return message satisfies never;
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// One message after the other: two runs at once would only share the same core.
let last = Promise.resolve();
process.on('message', (message: ToWorker) => {
  last = last.then(() => handle(message));
});

send({ type: 'online' });
