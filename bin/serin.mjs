#!/usr/bin/env -S node --max-semi-space-size=32
// The command `serin`: makes the tree ready when it is not, then runs the built command in this same process,
// so that signals and stdin reach it. The flag halves the work of the garbage collector while many requests wait (ADR 21).
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`serin: needs Node.js 20.19 or newer; this is ${process.versions.node}\n`);
  process.exitCode = 70;
} else {
  const { PrepareError, prepare } = await import('./prepare.mjs');
  try {
    await prepare();
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    process.stderr.write(`serin: ${error.message}\n`);
    process.exit(error.exitCode);
  }
  // The service counts its start from here.
  performance.mark('serin prepared');
  await import('../dist/cli/main.js');
}
