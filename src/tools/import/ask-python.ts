import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../../base/errors/start-error.js';
import type { TaskName } from '../../registry/tasks.js';
import { goldenTexts } from './golden-texts.js';
import { PARITY_SCRIPT } from './parity-script.js';
import { readPythonParity, type PythonParity } from './python-parity.js';

/** Whom to ask what golden texts come to: `--python-parity` and `--python`. */
export interface PythonSource {
  /** What from_pretrained takes: a folder or the name of a model. */
  readonly checkpoint: string;
  /** The interpreter that has torch and transformers. */
  readonly python: string;
}

export interface PythonQuestion extends PythonSource {
  readonly maxTokens: number;
  readonly task: TaskName;
  readonly labels: number;
  /** A folder for the files that go to and fro; it is made, and removed afterwards. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

/** Time between two lines while Python works: a large model takes minutes for the golden texts. */
const INTERVAL_MS = 10_000;

/** Characters of the end of stderr that are kept: the last line of a traceback says what was wrong. */
const KEPT_CHARS = 10_000;

/**
 * Lets Python compute the golden texts, as docs/models.md shows by hand.
 * @throws StartError that says what Python lacks or said; AbortError when the signal fires
 */
export async function askPython(question: PythonQuestion): Promise<PythonParity> {
  const { folder, checkpoint, python, maxTokens, task, labels, say } = question;
  await mkdir(folder);
  const timer = askedSince(say);
  try {
    const [script, texts, answers] = ['parity.py', 'texts.jsonl', 'parity.json'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeFile(script, PARITY_SCRIPT);
    await writeFile(
      texts,
      goldenTexts()
        .map((golden) => `${JSON.stringify(golden)}\n`)
        .join(''),
    );
    say(`${python} computes the golden texts with ${checkpoint}`);
    await run(question, [script, checkpoint, texts, answers, String(maxTokens), task]);
    return readPythonParity(answers, labels);
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

function askedSince(say: (sentence: string) => void): NodeJS.Timeout {
  const startedAt = performance.now();
  return setInterval(() => {
    say(`Python is at work (${Math.round((performance.now() - startedAt) / 1000)} s so far)`);
  }, INTERVAL_MS);
}

function run({ python, signal }: PythonQuestion, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(python, args, { stdio: ['ignore', 'ignore', 'pipe'], signal });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT_CHARS);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      if (signal.aborted) reject(signal.reason as Error);
      else
        reject(new StartError(isMissing ? noPython(python) : `${python} cannot be run: ${error.message}.`));
    });
    child.on('close', (code, ended) => {
      if (code === 0) resolve();
      else reject(new StartError(problemOf(python, said, ended ?? `exit code ${String(code)}`)));
    });
  });
}

/** Of an exception; those of transformers explain at length. */
const SHOWN_CHARS = 600;

const NAME_IT = 'name the interpreter of an environment that has torch and transformers with --python PATH';

const noPython = (python: string): string =>
  `There is no ${python}: ${NAME_IT}, or make the golden texts elsewhere and give them with --parity FILE.`;

function problemOf(python: string, said: string, how: string): string {
  const missing = /No module named '([^']+)'/.exec(said)?.[1];
  if (missing !== undefined) return `${python} has no module ${missing}: ${NAME_IT}.`;
  // An exception may have several lines; it ends what Python says.
  const lines = said.trim().split('\n');
  const exception = lines.slice(lines.findLastIndex((line) => /^[\w.]+(Error|Exception): /.test(line)));
  const shown = exception.join(' ').slice(0, SHOWN_CHARS);
  return `${python} could not compute the golden texts (${how}): ${shown === '' ? 'it said nothing' : shown}`;
}
