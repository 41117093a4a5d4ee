import { Child } from '../base/child.js';
import type { ConstantReady } from './constant-server.js';

/** A bare Nest and Express application that validates like the service and answers a constant: what a hit is held to. */
export class ConstantService {
  private constructor(
    readonly url: string,
    private readonly child: Child<object, ConstantReady>,
  ) {}

  static async start(): Promise<ConstantService> {
    const child = new Child<object, ConstantReady>('baseline/constant-server');
    const { port } = await child.ask({});
    return new ConstantService(`http://127.0.0.1:${port}`, child);
  }

  get pid(): number {
    return this.child.pid;
  }

  async close(): Promise<void> {
    await this.child.close();
  }
}
