import { Child } from '../base/child.js';
import type { Version } from '../base/plan.js';
import { versionFolder } from '../corpus/version-files.js';

/** The message of a server that has begun to listen on 127.0.0.1. */
export interface Listening {
  readonly port: number;
}

/** The message that starts the naive server: the folder of the version to serve. */
export interface NaiveOrder {
  readonly folder: string;
}

/** A server in a process of its own that the service is compared with. */
export class BaselineService {
  private constructor(
    readonly url: string,
    private readonly child: Child<object, Listening>,
  ) {}

  /** The unoptimised baseline: one process that serves one version. */
  static naive(version: Version): Promise<BaselineService> {
    const order: NaiveOrder = { folder: versionFolder(version) };
    return BaselineService.start('baseline/naive-server', order);
  }

  /** A bare Nest and Express application that validates like the service and answers a constant: hits are compared with it. */
  static constant(): Promise<BaselineService> {
    return BaselineService.start('baseline/constant-server', {});
  }

  private static async start(script: string, order: object): Promise<BaselineService> {
    const child = new Child<object, Listening>(script);
    const { port } = await child.ask(order);
    return new BaselineService(`http://127.0.0.1:${port}`, child);
  }

  get pid(): number {
    return this.child.pid;
  }

  async close(): Promise<void> {
    await this.child.close();
  }
}
