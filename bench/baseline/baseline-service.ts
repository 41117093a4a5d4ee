import { Child } from '../base/child.js';
import { versionFolder } from '../corpus/version-folder.js';
import type { Version } from '../base/plan.js';
import type { NaiveOrder, NaiveReady } from './naive-server.js';

/** The unoptimised baseline: one process that serves one version. */
export class NaiveService {
  private constructor(
    readonly url: string,
    private readonly child: Child<NaiveOrder, NaiveReady>,
  ) {}

  static async start(version: Version): Promise<NaiveService> {
    const child = new Child<NaiveOrder, NaiveReady>('baseline/naive-server');
    const { port } = await child.ask({ folder: versionFolder(version) });
    return new NaiveService(`http://127.0.0.1:${port}`, child);
  }

  async close(): Promise<void> {
    await this.child.close();
  }
}
