import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../base/input-error.js';
import { PYTHON_SCRIPT } from '../base/paths.js';
import { say } from '../base/progress.js';
import { runCommand } from '../base/run-command.js';

/** One product in the report of python_quantize.py. */
export type PythonProduct = { readonly seconds: number } | { readonly error: string };

export interface PythonReport {
  readonly onnxruntime: string;
  readonly onnx: string;
  readonly products: Readonly<Record<string, PythonProduct>>;
}

/** @throws InputError that says how to get it */
export function requirePython(python: string): void {
  if (spawnSync(python, ['-m', 'venv', '--help']).status === 0) return;
  throw new InputError(
    `${python} with its module venv is missing; name another with --python (Debian and Ubuntu: apt-get install python3-venv)`,
  );
}

/**
 * A Python environment with ONNX Runtime of the same minor version as the one here. One that is there is used as it is.
 * @returns its interpreter
 * @throws InputError when the packages cannot be had
 */
export async function preparePython(python: string, folder: string, onnxruntime: string): Promise<string> {
  const interpreter = join(folder, 'bin', 'python');
  if (existsSync(interpreter)) return interpreter;
  const minor = onnxruntime.split('.').slice(0, 2).join('.');
  say(`a Python environment with onnxruntime ${minor}`);
  try {
    await runCommand(python, ['-m', 'venv', folder]);
    await runCommand(interpreter, [
      '-m',
      'pip',
      'install',
      '--quiet',
      `onnxruntime==${minor}.*`,
      'onnx',
      'sympy',
    ]);
  } catch (error) {
    throw new InputError(`the Python environment cannot be made: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return interpreter;
}

/** Runs python_quantize.py, which leaves its products in the folder. */
export async function quantizeInPython(
  interpreter: string,
  modelFile: string,
  calibrationFile: string,
  folder: string,
): Promise<PythonReport> {
  const args = [PYTHON_SCRIPT, modelFile, calibrationFile, folder];
  const output = await runCommand(interpreter, args, { cwd: folder });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as PythonReport;
}
