import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { fileDigest } from './config-file.js';
import type { ConfigSource } from './load-config.js';
import type { SerinConfig } from './serin-config.js';

/**
 * Saving in an editor or swapping a link causes several events. They count as one change once this time has passed
 * without another event.
 */
const SETTLE_MS = 100;

/** Network file systems may report no changes, so the file is also read at this interval. */
const POLL_MS = 5000;

/** Called once per change of the file's content, and repeatedly while `unsettled` returns true. */
export interface ConfigListener {
  /** The file is valid; the configuration as a restart would load it. */
  readonly changed: (config: SerinConfig) => void;
  /** The file is invalid; the error is the one that a start would report. */
  readonly invalid: (error: unknown) => void;
  /**
   * True while the file names something that does not exist yet and may appear without a change of the file, such as a
   * version's folder.
   */
  readonly unsettled: () => boolean;
}

/**
 * Reads the configuration file again when its content differs from the loaded one. It watches the folder, not the file:
 * an editor replaces the file, and a mounted Kubernetes ConfigMap swaps a link beside it (`..data`), which causes no
 * event on the file itself.
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
    // The file may have changed while the service was starting, before the watch began.
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
      // The folder does not exist, or the system has no watches left: polling is enough.
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
