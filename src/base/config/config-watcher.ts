import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { fileDigest } from './config-file.js';
import type { ConfigSource } from './load-config.js';
import type { SerinConfig } from './serin-config.js';

/** An editor or a swap of links is several events: they are one change once this long has passed without one. */
const SETTLE_MS = 100;

/** Network file systems tell nobody of a change: look all the same. */
const POLL_MS = 5000;

/** Told once per change of the file's content; again and again while it is unsettled. */
export interface ConfigListener {
  /** The file is valid; the configuration as a restart would load it. */
  readonly changed: (config: SerinConfig) => void;
  /** It is not: why, as the start would say it. */
  readonly invalid: (error: unknown) => void;
  /** True while the file asks for what is not there yet and may come without a change of it: the folder of a version. */
  readonly unsettled: () => boolean;
}

/**
 * Reads the configuration file again when its content is another one than what was loaded. The folder is watched, not
 * the file: an editor replaces the file, and a mounted Kubernetes ConfigMap swaps a link beside it (`..data`), of which
 * the file itself sees nothing.
 */
export class ConfigWatcher {
  private content: string;
  private watcher: FSWatcher | null = null;
  private settling: NodeJS.Timeout | undefined;
  private readonly polling: NodeJS.Timeout;

  constructor(
    private readonly source: ConfigSource,
    private readonly listener: ConfigListener,
  ) {
    this.content = source.digest;
    this.polling = setInterval(() => {
      this.look();
    }, POLL_MS);
    this.polling.unref();
    this.watchFolder();
    // A service takes its time to start: what was written meanwhile nobody tells of any more.
    this.look();
  }

  close(): void {
    clearInterval(this.polling);
    clearTimeout(this.settling);
    this.watcher?.close();
  }

  private watchFolder(): void {
    try {
      this.watcher = watch(dirname(this.source.file), { persistent: false }, () => {
        clearTimeout(this.settling);
        this.settling = setTimeout(() => {
          this.look();
        }, SETTLE_MS);
      });
      this.watcher.on('error', () => {
        this.watcher?.close();
      });
    } catch {
      // No folder to watch, or no more watches to be had: the poll is enough.
    }
  }

  private look(): void {
    const content = fileDigest(this.source.file);
    if (content === this.content && !this.listener.unsettled()) return;
    this.content = content;
    let config: SerinConfig;
    try {
      config = this.source.reload();
    } catch (error) {
      this.listener.invalid(error);
      return;
    }
    this.listener.changed(config);
  }
}
