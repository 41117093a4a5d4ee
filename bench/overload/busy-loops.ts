import { spawn, type ChildProcess } from 'node:child_process';

/** Processes that only count, for the time of some work. */
export async function besideBusyLoops<T>(loops: number, work: () => Promise<T>): Promise<T> {
  const children: ChildProcess[] = Array.from({ length: loops }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  const end = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', end);
  try {
    return await work();
  } finally {
    process.off('exit', end);
    end();
  }
}
