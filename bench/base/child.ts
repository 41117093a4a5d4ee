import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** A process of the bench that answers each message with one message. */
export class Child<To, From> {
  private readonly child: ChildProcess;

  /** @param script path below the compiled bench, without extension; it calls {@link answerParent} */
  constructor(script: string) {
    this.child = fork(join(import.meta.dirname, '..', `${script}.js`), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('a process of the bench could not be started');
    return this.child.pid;
  }

  /** @throws Error when the process ends before it answers */
  async ask(message: To): Promise<From> {
    return new Promise((resolve, reject) => {
      const died = (code: number | null): void => {
        reject(new Error(`a process of the bench ended (exit code ${String(code)})`));
      };
      this.child.once('exit', died);
      this.child.once('message', (answer) => {
        this.child.off('exit', died);
        resolve(answer as From);
      });
      this.child.send(message as object);
    });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** In a script that {@link Child} starts: answers each message, and ends when the bench has ended. */
export function answerParent(answer: (message: never) => Promise<object>): void {
  process.on('message', (message) => {
    void answer(message as never).then((result) => process.send?.(result));
  });
  process.once('disconnect', () => process.exit());
}
