import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODEL } from '../base/plan.js';
import { say } from '../base/progress.js';
import { runSerin, serinEnvironment } from '../base/run-command.js';
import { readRunSettings, readTokenizer, versionFolder } from '../corpus/version-files.js';
import type { Model } from './measured-model.js';
import { preparePython, quantizeInPython, type PythonReport } from './python.js';

export interface MakeOptions {
  readonly entry: string;
  readonly workFolder: string;
  readonly python: string;
  /** Null: a new one in the work folder. */
  readonly pythonFolder: string | null;
  /** Of this machine's Node.js package. */
  readonly onnxruntime: string;
}

export interface MadeModels {
  readonly models: readonly Model[];
  readonly python: PythonReport;
  /** Whether `serin quantize` makes the shipped v2 anew, byte for byte. */
  readonly remade: boolean;
}

const SOURCE = 'v1';
const SHIPPED = 'v2';

/** The products of python_quantize.py. */
const MADE_IN_PYTHON: Readonly<Record<string, Pick<Model, 'made' | 'method'>>> = {
  dynamic: { method: 'dynamic', made: '`quantize_dynamic`, int8 weights, a scale per column' },
  qdq: { method: 'static', made: '`quantize_static`, QDQ, the products with constant matrices' },
  'qdq-all': { method: 'static', made: '`quantize_static`, QDQ, every operator that it knows (its default)' },
};

/** Makes everything that is compared: with `serin quantize`, and in Python beside it. */
export async function makeModels(options: MakeOptions): Promise<MadeModels> {
  const [own, python] = await Promise.all([quantizeHere(options), quantizeThere(options)]);
  const source = versionFolder(SOURCE);
  const shipped = versionFolder(SHIPPED);
  const { session } = readRunSettings(source);
  const modelOf = (folder: string, facts: Pick<Model, 'name' | 'kind' | 'method' | 'made'>): Model => ({
    ...facts,
    modelFile: join(folder, 'model.onnx'),
    session: readRunSettings(folder).session,
  });
  const remade = digestOf(own('static')) === digestOf(shipped);
  const serin = { kind: 'serin', method: 'static' } as const;
  const models: Model[] = [
    modelOf(source, { name: SOURCE, kind: 'float', method: null, made: 'fp32, what all others are made of' }),
    modelOf(shipped, { ...serin, name: SHIPPED, made: remade ? '`serin quantize`' : 'shipped' }),
  ];
  if (!remade) models.push(modelOf(own('static'), { ...serin, name: 'v2, anew', made: '`serin quantize`' }));
  const made = '`serin quantize --method dynamic`';
  models.push(modelOf(own('dynamic'), { name: 'Serin, dynamic', kind: 'serin', method: 'dynamic', made }));
  for (const [name, facts] of Object.entries(MADE_IN_PYTHON)) {
    if ('error' in (python.products[name] ?? { error: 'missing' })) continue;
    const modelFile = join(options.workFolder, 'python', `${name}.onnx`);
    models.push({ ...facts, name: `Python, ${name}`, kind: 'python', modelFile, session });
  }
  return { models, python, remade };
}

/** @returns the folder of the version that a method made */
async function quantizeHere({ entry, workFolder }: MakeOptions): Promise<(method: string) => string> {
  const registry = join(workFolder, 'registry');
  const folder = join(registry, MODEL);
  mkdirSync(folder, { recursive: true });
  cpSync(versionFolder(SOURCE), join(folder, SOURCE), { recursive: true });
  const env = serinEnvironment({ MODEL_REGISTRY: registry });
  for (const method of ['static', 'dynamic']) {
    say(`serin quantize --method ${method}`);
    const args = ['quantize', `${MODEL}/${SOURCE}`, '--to', method, '--method', method];
    await runSerin(entry, args, { env });
  }
  return (method) => join(folder, method);
}

async function quantizeThere(options: MakeOptions): Promise<PythonReport> {
  const { workFolder, python, pythonFolder, onnxruntime } = options;
  const interpreter = await preparePython(python, pythonFolder ?? join(workFolder, 'venv'), onnxruntime);
  const source = versionFolder(SOURCE);
  const folder = join(workFolder, 'python');
  const calibration = join(folder, 'calibration.json');
  mkdirSync(folder);
  writeFileSync(calibration, JSON.stringify(calibrationIds(source)));
  say('onnxruntime.quantization');
  return quantizeInPython(interpreter, join(source, 'model.onnx'), calibration, folder);
}

/** Token ids of the texts that `serin quantize` calibrates on. */
function calibrationIds(folder: string): number[][] {
  const tokenizer = readTokenizer(folder);
  return readFileSync(join(folder, 'calibration.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => tokenizer.encode((JSON.parse(line) as { text: string }).text));
}

const digestOf = (folder: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, 'model.onnx')))
    .digest('hex');
