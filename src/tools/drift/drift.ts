import { ServiceClient } from '../client/service-client.js';
import { inputName, readTraffic, type BadLine } from '../traffic/traffic-file.js';
import { saySeldom } from '../../base/say-seldom.js';
import { StartError } from '../../base/errors/start-error.js';
import { askService } from './ask-service.js';
import { chooseVersion } from './compared-version.js';
import { answerFromFilePath, type FilePathSettings } from './file-path.js';
import { findDifferences, type Findings } from './find-differences.js';
import { HashSample, type SampledText } from './hash-sample.js';

export interface DriftOptions {
  /** JSONL file; `-` for stdin. */
  readonly input: string;
  readonly url: string;
  readonly apiKey: string | null;
  /** Most texts to compare. */
  readonly sample: number;
  /** Undefined: the service's default model, and its stable version. */
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly textField: string;
  /** Most that two scores may differ. */
  readonly tolerance: number;
  readonly showText: boolean;
  readonly modelRegistry: string;
  /** Of the file path. */
  readonly settings: FilePathSettings;
  readonly signal: AbortSignal;
  /** Called with a sentence, from time to time. */
  readonly say: (sentence: string) => void;
}

/** `serin drift --json`. */
export interface DriftReport extends Findings {
  readonly input: string;
  readonly url: string;
  readonly model: string;
  readonly version: string;
  readonly service_digest: string | null;
  readonly file_digest: string;
  /** A version that takes part of the service's traffic, or may, and is not compared. */
  readonly canary: string | null;
  /** Lines that are not blank. */
  readonly lines: number;
  readonly unreadable_lines: number;
  readonly first_unreadable: BadLine | null;
  readonly tolerance: number;
}

interface Traffic {
  readonly sample: readonly SampledText[];
  readonly lines: number;
  readonly unreadable: number;
  readonly firstUnreadable: DriftReport['first_unreadable'];
}

/**
 * Compares the answers of a running service and of the file path for a sample of texts.
 * @throws StartError when the traffic, the service or the registry cannot be used; AbortError when interrupted
 */
export async function measureDrift(options: DriftOptions): Promise<DriftReport> {
  const { signal, say, tolerance, url } = options;
  const client = new ServiceClient(options);
  const { served, local, canary } = chooseVersion(await client.models(), options.modelRegistry, options);
  const traffic = await readSample(options);
  const { sample } = traffic;
  const texts = sample.map(({ text }) => text);
  say(`asking ${url} for ${texts.length} texts`);
  const service = await askService(client, {
    model: local.model,
    version: local.version,
    texts,
    apiKey: options.apiKey,
    signal,
    onProgress: progressOf(say, 'the service', texts.length),
  });
  say(`running ${texts.length} texts through the file path`);
  const files = await answerFromFilePath(local, texts, {
    ...options,
    onProgress: progressOf(say, 'the file path', texts.length),
  });
  const sides = {
    version: local.version,
    serviceDigest: served.digest,
    fileDigest: local.digest,
    serviceMaxTokens: served.max_tokens,
    fileMaxTokens: local.manifest.max_tokens,
    batchVariance: local.manifest.batch_variance?.max_score_change ?? 0,
  };
  return {
    input: options.input,
    url,
    model: local.model,
    version: local.version,
    service_digest: served.digest,
    file_digest: local.digest,
    canary,
    lines: traffic.lines,
    unreadable_lines: traffic.unreadable,
    first_unreadable: traffic.firstUnreadable,
    tolerance,
    ...findDifferences(sample, service, files, sides, options),
  };
}

async function readSample({ input, textField, sample: size, signal }: DriftOptions): Promise<Traffic> {
  const sample = new HashSample(size);
  let [lines, unreadable] = [0, 0];
  let firstUnreadable: Traffic['firstUnreadable'] = null;
  for await (const found of readTraffic(input, textField, signal)) {
    lines++;
    if ('text' in found) sample.offer(found.line, found.text);
    else {
      unreadable++;
      firstUnreadable ??= found;
    }
  }
  if (lines === unreadable) {
    const { line, problem } = firstUnreadable ?? { line: 0, problem: '' };
    const what = lines === 0 ? 'it is empty' : `no line has a text (line ${line}: ${problem})`;
    throw new StartError(
      `${inputName(input)} cannot be compared: ${what}. It must have JSON lines, such as {${JSON.stringify(textField)}: "A fine film."}.`,
    );
  }
  return { sample: sample.texts(), lines, unreadable, firstUnreadable };
}

/** Says how many texts are done, every few seconds. */
function progressOf(say: DriftOptions['say'], path: string, total: number): (done: number) => void {
  const tell = saySeldom(say);
  return (done) => {
    tell(() => `${path} has answered ${done} of ${total} texts`);
  };
}
