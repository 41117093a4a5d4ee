#!/usr/bin/env -S node --max-semi-space-size=32
// The command `serin`: in a checkout makes the tree ready when it is not, then runs the built command in this same
// process, so that signals and stdin reach it. A package is run as it is: it neither installs nor builds.
// The flag halves the work of the garbage collector while many requests wait (ADR 21).
import { existsSync } from 'node:fs';
import { refusal } from './refusal.mjs';

/** Makes a checkout ready, which is told by its sources. @returns the error that says why it cannot be; null when it is */
async function preparationProblem() {
  if (!existsSync(new URL('../src', import.meta.url))) return null;
  const { PrepareError, prepare } = await import('./prepare.mjs');
  try {
    await prepare();
    return null;
  } catch (error) {
    if (error instanceof PrepareError) return error;
    throw error;
  }
}

const refused = refusal();
const problem = refused === null ? await preparationProblem() : { message: refused, exitCode: 70 };
if (problem === null) {
  // The service counts its start from here.
  performance.mark('serin prepared');
  await import('../dist/cli/main.js');
} else {
  process.stderr.write(`serin: ${problem.message}\n`);
  process.exitCode = problem.exitCode;
}
